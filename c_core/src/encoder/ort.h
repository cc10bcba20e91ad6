/* ONNX Runtime, opened at run time: the library found, its function table, one environment. Happens
 * once in a process and is never undone, because its threads and statics do not survive an unload.
 */
#ifndef BEI_ENCODER_ORT_H
#define BEI_ENCODER_ORT_H

#include <stdint.h>

/* On Windows the header expects words that only Microsoft's compiler brings along. */
#if defined(_WIN32) && !defined(_MSC_VER)
#ifndef _Return_type_success_
#define _Return_type_success_(condition)
#endif
#if !defined(_stdcall) && !defined(__clang__)
#define _stdcall __stdcall
#endif
#endif
#include <onnxruntime_c_api.h>

#include "base/dynlib.h"
#include "essence.h"

enum { BEI_ORT_MIN_API = 16 }; /* the oldest ONNX Runtime that will do: 1.16 */

/* Read-only once loaded. Use only functions of the table that API 16 has. */
typedef struct bei_ort {
    const OrtApi *api;
    OrtEnv *env;
    OrtMemoryInfo *cpu; /* where our tensors lie */
    bei_dynlib_t *library;
    uint32_t minor;   /* 31 of version 1.31.1 */
    char version[24]; /* "1.31.1" */
} bei_ort_t;

/* Names the shared library (UTF-8 path, copied) in place of BITHUMAN_ORT_LIBRARY and the search;
 * NULL or "" takes that back. BE_ERR_INVALID_ARG when the path is too long or another library is
 * already loaded. Any thread. */
be_status bei_ort_set_library(const char *path);

/* Gives the loaded library, loading it on the first call. Sought in this order, and nowhere else
 * once one of the first two is set: bei_ort_set_library, BITHUMAN_ORT_LIBRARY, the system's
 * libraries. Sets ORT_DISABLE_TELEMETRY=1 in the process unless the host has set it.
 * BE_ERR_MODEL_LOAD_FAILED with a sentence that says what to install or set; a later call tries
 * again. Any thread. */
be_status bei_ort_get(const bei_ort_t **out);

/* Turns a status of ONNX Runtime's into ours: BE_OK for NULL; else releases it and records
 * "<doing>: <its message>" under `code`. */
be_status bei_ort_check(const bei_ort_t *ort, OrtStatus *status, be_status code, const char *doing);

#endif
