/* Puts encoder.onnx (found on the include path) into the library's read-only data: it is mapped, not
 * read, and shared by all processes. Symbols are hidden; on Mach-O and 32-bit Windows they carry the
 * C compiler's leading underscore. */
#define PASTE(a, b) a##b
#define PREFIXED(prefix, name) PASTE(prefix, name)
#define SYMBOL(name) PREFIXED(__USER_LABEL_PREFIX__, name)

#if defined(__APPLE__)
    .section __TEXT,__const
    .private_extern SYMBOL(bei_builtin_encoder_data)
    .private_extern SYMBOL(bei_builtin_encoder_size)
#elif defined(_WIN32)
    .section .rdata,"dr"
#else
    .section .rodata,"a",%progbits
    .hidden SYMBOL(bei_builtin_encoder_data)
    .hidden SYMBOL(bei_builtin_encoder_size)
    .type SYMBOL(bei_builtin_encoder_data), %object
    .type SYMBOL(bei_builtin_encoder_size), %object
#endif

    .globl SYMBOL(bei_builtin_encoder_data)
    .globl SYMBOL(bei_builtin_encoder_size)

    .balign 64
SYMBOL(bei_builtin_encoder_data):
    .incbin "encoder.onnx"
1:
    .balign 8
SYMBOL(bei_builtin_encoder_size):
    .quad 1b - SYMBOL(bei_builtin_encoder_data)

#if defined(__ELF__)
    .size SYMBOL(bei_builtin_encoder_data), 1b - SYMBOL(bei_builtin_encoder_data)
    .size SYMBOL(bei_builtin_encoder_size), 8
    .section .note.GNU-stack,"",%progbits
#endif
