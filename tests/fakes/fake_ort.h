/* A stand-in for ONNX Runtime: a shared library with the part of its C API that the engine uses, whose
 * providers, faults and version a test chooses. It knows one audio encoder, whatever bytes it is
 * given.
 *
 * It is told by environment variables, which it reads whenever they matter:
 *
 *   FAKE_ORT_VERSION   what it says it is; "1.23.0" when unset
 *   FAKE_ORT_TABLE     "none": it gives no function table
 *   FAKE_ORT_ENV       a message: it does not start
 *   FAKE_ORT_LOG       a message: it warns of this when a session is made
 *   FAKE_ORT_CPU, FAKE_ORT_COREML, FAKE_ORT_NNAPI, FAKE_ORT_QNN
 *                      how a provider does: "works"; "append: <message>", it is not to be had;
 *                      "session: <message>", it takes no model; "run: <message>", it fails while
 *                      running; "nan", its coords are not numbers; "nan state", its state is not.
 *                      Unset: the CPU works, the others are not to be had. */
#ifndef BE_TESTS_FAKE_ORT_H
#define BE_TESTS_FAKE_ORT_H

typedef struct fake_ort_seen {
    int live;            /* objects that were given and not yet released */
    int sessions;        /* made since the library was opened */
    int runs;            /* of all sessions */
    int threads;         /* of the session that was made last */
    int by_symbol;       /* providers that were asked for by their exported function */
    int api;             /* the version of the function table that was asked for last */
    int telemetry_calls; /* of DisableTelemetryEvents */
    const char
        *telemetry; /* ORT_DISABLE_TELEMETRY as it was when the library was opened, or NULL */
} fake_ort_seen_t;

/* Exported; a test finds it by name in the library that the engine has opened. */
typedef void fake_ort_look_fn(fake_ort_seen_t *out);
void fake_ort_look(fake_ort_seen_t *out);

#endif
