/*
 * Lobit runtime: load a compiled model.lobit and run it. This is the whole C API of
 * liblobit; beacons have a library and a header of their own, lobit/beacon.h.
 *
 * Ownership. A function that returns an object through `out` gives you one reference;
 * the matching *_release takes it back and accepts NULL. Objects hold references to
 * what they were made from, so any order of release is fine. Pointers returned by
 * get-functions are borrowed: they live as long as the object they came from.
 * Functions never keep a pointer you pass, with one exception that says so
 * (lobit_model_open_memory without copying, lobit_model_open_embedded).
 *
 * Errors. Every fallible function returns a lobit_status; 0 is success. If `error` is
 * not NULL it also receives one sentence that says what is wrong, where, and what to do.
 * On failure nothing is returned through out parameters. The library never prints,
 * aborts, exits, throws, installs signal handlers or keeps global state.
 *
 * Threads. A lobit_model and a lobit_code are immutable and may be shared by threads.
 * A lobit_session is used by one thread at a time and owns its worker threads.
 *
 * Structs. Set struct_size to sizeof(the struct) and leave the rest zero for defaults;
 * LOBIT_INIT(type) does both. Later versions only append fields.
 *
 * Text is UTF-8 with an explicit size and need not end in NUL. Names and paths do.
 */
#ifndef LOBIT_RUNTIME_H
#define LOBIT_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define LOBIT_INIT(type)                                                                           \
  type { sizeof(type) }
#else
#define LOBIT_INIT(type) ((type){.struct_size = sizeof(type)})
#endif

#if defined(__GNUC__)
#define LOBIT_API __attribute__((visibility("default")))
#else
#define LOBIT_API
#endif

#define LOBIT_VERSION_MAJOR 0
#define LOBIT_VERSION_MINOR 1
#define LOBIT_VERSION_PATCH 0

/* ---- status ------------------------------------------------------------------- */

typedef int32_t lobit_status;
enum {
  LOBIT_STATUS_OK = 0,
  LOBIT_STATUS_INVALID_ARGUMENT = 1, /* the call makes no sense as it is */
  LOBIT_STATUS_CONTEXT_FULL = 2,     /* more tokens than the context holds */
  LOBIT_STATUS_INVALID_TEXT = 3,     /* not UTF-8 */
  LOBIT_STATUS_CANCELLED = 4,        /* a callback asked to stop */
  LOBIT_STATUS_CHECK_FAILED = 10,    /* the self test found a difference */
  LOBIT_STATUS_DIGEST_MISMATCH = 11, /* damaged or not the pinned file */
  LOBIT_STATUS_NONFINITE = 12,       /* an activation became NaN or infinite */
  LOBIT_STATUS_MALFORMED = 20,       /* the file contradicts itself */
  LOBIT_STATUS_OUT_OF_BOUNDS = 21,
  LOBIT_STATUS_MISMATCH = 22, /* two inputs disagree */
  LOBIT_STATUS_AMBIGUOUS = 23,
  LOBIT_STATUS_MISSING = 24,
  LOBIT_STATUS_IO = 30, /* the operating system refused */
  LOBIT_STATUS_UNSUPPORTED = 40,
  LOBIT_STATUS_UNSUPPORTED_VERSION = 41,
  LOBIT_STATUS_UNSUPPORTED_CPU = 42, /* the message names the missing features */
  LOBIT_STATUS_RESOURCE_LIMIT = 50,
  LOBIT_STATUS_OUT_OF_MEMORY = 51,
  LOBIT_STATUS_QUALITY_GATE = 60,
  LOBIT_STATUS_DRIFT = 61,
  LOBIT_STATUS_INTERNAL = 70
};

/* The short text of a status, e.g. "malformed input". Never NULL. */
LOBIT_API const char *lobit_status_text(lobit_status status);

/* The exit code that the lobit tools use for a status. */
LOBIT_API int lobit_status_exit_code(lobit_status status);

/* Receives what went wrong. Owned by the caller; a long message is cut. */
typedef struct lobit_error {
  size_t struct_size;
  lobit_status status;
  char message[1024]; /* UTF-8, ends in NUL */
} lobit_error;

/* The version of the library that is linked, "0.1.0". */
LOBIT_API const char *lobit_version(void);

/* ---- model: a checked artifact. Opening one never executes anything from it. ----- */

typedef struct lobit_model lobit_model;

enum {
  LOBIT_LOAD_MAP = 0, /* share the file's pages; do not modify the file in place */
  LOBIT_LOAD_COPY = 1 /* read it into memory; immune to changes after the first result */
};
enum {
  /* Structure and code when the model is opened; every byte of the weights before the first
   * result is computed from them, by the threads of the session that computes it. Then
   * damaged weights are an error of that evaluation. */
  LOBIT_VERIFY_DEFAULT = 0,
  LOBIT_VERIFY_STRUCTURE = 1, /* everything but code and weights, with digests */
  LOBIT_VERIFY_CODE = 2,      /* the code too */
  LOBIT_VERIFY_FULL = 3       /* every byte, now, by all CPUs of this process */
};

typedef struct lobit_load_options {
  size_t struct_size;
  int32_t mode;     /* LOBIT_LOAD_... */
  int32_t verify;   /* LOBIT_VERIFY_... */
  int32_t prefault; /* nonzero: map: read all weights now, so that no disk is waited for later */
} lobit_load_options;

LOBIT_API lobit_status lobit_model_open_file(const char *path, const lobit_load_options *options,
                                             lobit_model **out, lobit_error *error);

/* From memory. LOBIT_LOAD_MAP: the bytes are borrowed, must be aligned to 64 and must
 * outlive the model and everything made from it. LOBIT_LOAD_COPY: they are copied. */
LOBIT_API lobit_status lobit_model_open_memory(const void *bytes, size_t size,
                                               const lobit_load_options *options, lobit_model **out,
                                               lobit_error *error);

/* Code that is linked into the program instead of loaded (quant-compile
 * --emit=static-lib writes such a table). Everything is borrowed and must be static. */
typedef struct lobit_embedded_code {
  const char *isa;                    /* "avx2" */
  const void *(*query)(uint32_t abi); /* the code's lobit_code_query */
} lobit_embedded_code;
typedef struct lobit_embedded {
  size_t struct_size;
  const void *bytes; /* the artifact, aligned to 64 */
  size_t size;
  const lobit_embedded_code *code;
  size_t code_count;
} lobit_embedded;
LOBIT_API lobit_status lobit_model_open_embedded(const lobit_embedded *embedded,
                                                 const lobit_load_options *options,
                                                 lobit_model **out, lobit_error *error);

LOBIT_API void lobit_model_release(lobit_model *model);

enum { LOBIT_KIND_LANGUAGE_MODEL = 1, LOBIT_KIND_FUNCTION = 2 };
#define LOBIT_NO_TOKEN 0xFFFFFFFFu

typedef struct lobit_model_info {
  size_t struct_size;
  int32_t kind;   /* LOBIT_KIND_... */
  uint32_t bos;   /* LOBIT_NO_TOKEN: none */
  uint64_t vocab; /* language model: token ids are 0 .. vocab - 1 */
  uint64_t hidden, layers, heads, kv_heads, head_dim, intermediate;
  uint64_t max_context;   /* positions of one session */
  uint64_t rows_per_call; /* longer prompts are split, with the same results */
  uint64_t scratch_bytes; /* allocated for each session */
  uint64_t state_bytes;   /* allocated for each session: the KV cache */
  uint64_t weight_bytes;
  uint64_t file_bytes;
  const char *producer; /* "lobit 0.1.0" */
  const char *family;   /* "bitnet" */
  int32_t has_tokenizer;
  uint32_t variant_count; /* of code, see lobit_model_get_variant */
  uint32_t input_count;   /* of a function, see lobit_model_get_value */
  uint32_t output_count;
  uint8_t root_digest[32];
  int32_t verified; /* the level that was checked so far, LOBIT_VERIFY_... */
} lobit_model_info;
LOBIT_API lobit_status lobit_model_get_info(const lobit_model *model, lobit_model_info *info);

/* The calibration beacons that quant-compile --calibration stored, one after the other: the
 * statistics of the logits and of the final hidden state over a text, for comparison.
 * MISSING when there are none. */
LOBIT_API lobit_status lobit_model_get_calibration(const lobit_model *model, const void **bytes,
                                                   size_t *size);

/* One compiled form of the model's code. */
typedef struct lobit_variant_info {
  size_t struct_size;
  const char *isa;       /* "x86-64-v1", "avx2", ... of Isas.inc */
  int32_t runnable;      /* whether this CPU and operating system can run it */
  uint64_t cpu_features; /* required, bits of CpuFeatures.inc */
  uint64_t code_bytes;
} lobit_variant_info;
LOBIT_API lobit_status lobit_model_get_variant(const lobit_model *model, uint32_t index,
                                               lobit_variant_info *info);

enum { LOBIT_TYPE_I32 = 1, LOBIT_TYPE_F32 = 2 };
#define LOBIT_MAX_RANK 8
#define LOBIT_DYNAMIC_DIM UINT64_MAX

/* A named input or output. */
typedef struct lobit_value_info {
  size_t struct_size;
  const char *name;
  int32_t type; /* LOBIT_TYPE_... */
  uint32_t rank;
  uint64_t dims[LOBIT_MAX_RANK]; /* LOBIT_DYNAMIC_DIM: any number of rows, dimension 0 only */
} lobit_value_info;
LOBIT_API lobit_status lobit_model_get_input(const lobit_model *model, uint32_t index,
                                             lobit_value_info *info);
LOBIT_API lobit_status lobit_model_get_output(const lobit_model *model, uint32_t index,
                                              lobit_value_info *info);

/* ---- text ------------------------------------------------------------------------- */

enum {
  LOBIT_TEXT_ADD_BOS = 1,      /* put the beginning-of-sequence token first, if the model has one */
  LOBIT_TEXT_AUTO_BOS = 2,     /* the same, if the model's tokenizer does so */
  LOBIT_TEXT_PARSE_SPECIAL = 4 /* control tokens written in the text become those tokens */
};

/* Writes at most `capacity` ids and sets *count to the number of all. tokens may be NULL
 * when capacity is 0. INVALID_TEXT, with the byte, unless the text is valid UTF-8. */
LOBIT_API lobit_status lobit_model_tokenize(const lobit_model *model, const char *text, size_t size,
                                            uint32_t flags, uint32_t *tokens, size_t capacity,
                                            size_t *count, lobit_error *error);

/* The bytes of a token, which may be a part of a UTF-8 character; none for control
 * tokens and ids without a text. */
LOBIT_API lobit_status lobit_model_token_bytes(const lobit_model *model, uint32_t token,
                                               const char **bytes, size_t *size);

/* Whether generation ends with this token. */
LOBIT_API int lobit_model_is_end(const lobit_model *model, uint32_t token);

/* ---- code: binding it is the second, explicit step ---------------------------------- */

typedef struct lobit_code lobit_code;

enum {
  LOBIT_TRUST_INTEGRITY = 0, /* run code whose digest matches the file it came in */
  LOBIT_TRUST_PINNED = 1     /* run only code of the artifact with this root digest */
};

typedef struct lobit_code_options {
  size_t struct_size;
  const char *isa;         /* NULL: the best that this CPU can run */
  int32_t trust;           /* LOBIT_TRUST_... */
  uint8_t root_digest[32]; /* for LOBIT_TRUST_PINNED */
  /* Added to the features that were detected (bits of CpuFeatures.inc). For emulators
   * that run instructions which CPUID does not announce. */
  uint64_t assume_cpu_features;
} lobit_code_options;

/* Checks the digest on a private copy, checks the form of the code, maps it. */
LOBIT_API lobit_status lobit_code_bind(lobit_model *model, const lobit_code_options *options,
                                       lobit_code **out, lobit_error *error);
LOBIT_API void lobit_code_release(lobit_code *code);
LOBIT_API const char *lobit_code_isa(const lobit_code *code);

/* Runs the known answers of the artifact on every variant that this CPU can run, or on
 * options->isa alone. `report` (may be NULL) is called once a check; check is
 * "linear 3 random" or "model". CHECK_FAILED if any differs. */
typedef void (*lobit_self_test_report)(void *user, const char *isa, const char *check,
                                       lobit_status status);
LOBIT_API lobit_status lobit_self_test(lobit_model *model, const lobit_code_options *options,
                                       uint32_t threads, lobit_self_test_report report, void *user,
                                       lobit_error *error);

/* ---- session: one conversation, or one caller of a function --------------------------- */

typedef struct lobit_session lobit_session;

typedef struct lobit_session_options {
  size_t struct_size;
  uint32_t threads; /* 0: one for each CPU this process may use */
} lobit_session_options;

/* Allocates everything: KV cache, scratch, threads. Nothing is allocated later while
 * tokens are evaluated or generated. */
LOBIT_API lobit_status lobit_session_create(lobit_code *code, const lobit_session_options *options,
                                            lobit_session **out, lobit_error *error);
LOBIT_API void lobit_session_release(lobit_session *session);
/* Facts about the model that it runs. */
LOBIT_API lobit_status lobit_session_get_model_info(const lobit_session *session,
                                                    lobit_model_info *info);

/* Tokens in the context so far. */
LOBIT_API uint64_t lobit_session_position(const lobit_session *session);
/* Forgets all tokens from `position` on; 0 starts anew. */
LOBIT_API lobit_status lobit_session_rewind(lobit_session *session, uint64_t position,
                                            lobit_error *error);

/* Evaluates `count` >= 1 tokens at the current position, which advances. all_logits is
 * NULL or receives [count, vocab]. Results do not depend on how tokens are split into
 * calls. CONTEXT_FULL, with nothing done, when they do not fit. */
LOBIT_API lobit_status lobit_session_eval(lobit_session *session, const uint32_t *tokens,
                                          size_t count, float *all_logits, lobit_error *error);
/* Tokenizes and evaluates. Flags: LOBIT_TEXT_...; allocates the list of tokens. */
LOBIT_API lobit_status lobit_session_eval_text(lobit_session *session, const char *text,
                                               size_t size, uint32_t flags, lobit_error *error);
/* [vocab] logits after the last token evaluated; NULL before the first. They change
 * with the next evaluation. */
LOBIT_API const float *lobit_session_logits(const lobit_session *session);

/* [hidden] floats after the last token evaluated: the normalised vector that the head
 * multiplies to get the logits. They change with the next evaluation. NULL before the
 * first, or when an older compiler made the code. */
LOBIT_API const float *lobit_session_hidden(const lobit_session *session);

/* Called on the evaluating thread, in order, once for every position that is evaluated
 * from now on, with its [vocab] logits. All positions of a prompt then have their logits
 * computed. Allocates [rows_per_call, vocab] floats. callback NULL: none. */
typedef void (*lobit_logits_observer)(void *user, uint64_t position, const float *logits);
LOBIT_API lobit_status lobit_session_set_observer(lobit_session *session,
                                                  lobit_logits_observer callback, void *user,
                                                  lobit_error *error);
/* The same for the final hidden state, [hidden] floats: beside the other observer or
 * alone. It costs no memory and no additional logits. UNSUPPORTED when an older compiler
 * made the code. */
typedef void (*lobit_hidden_observer)(void *user, uint64_t position, const float *hidden);
LOBIT_API lobit_status lobit_session_set_hidden_observer(lobit_session *session,
                                                         lobit_hidden_observer callback, void *user,
                                                         lobit_error *error);

/* How the next token is chosen. The order of the steps: repetition_penalty (a logit of
 * a token among the last repetition_window ones is divided by it when positive,
 * multiplied when negative), temperature (logits are divided by it), top_k (the k
 * largest stay), top_p (of those, the fewest whose probabilities sum to top_p), min_p
 * (those of at least min_p times the largest probability), draw. Ties go to the lower
 * id. The same seed and logits give the same tokens on every machine. */
typedef struct lobit_sampling {
  size_t struct_size;
  float temperature;          /* 0: always the largest logit, after the penalty */
  uint32_t top_k;             /* 0: all */
  float top_p;                /* 0 or 1: all */
  float min_p;                /* 0: all */
  float repetition_penalty;   /* 0 or 1: none */
  uint32_t repetition_window; /* 0: the whole context */
  uint64_t seed;
} lobit_sampling;
/* Also restarts the random numbers at the seed. The default is greedy. */
LOBIT_API lobit_status lobit_session_set_sampling(lobit_session *session,
                                                  const lobit_sampling *sampling,
                                                  lobit_error *error);
/* Chooses a token from the logits; does not evaluate it. */
LOBIT_API lobit_status lobit_session_sample(lobit_session *session, uint32_t *token,
                                            lobit_error *error);

/* One generated token. `text` is what became complete with it: whole characters only;
 * bytes that are no UTF-8 appear as U+FFFD. The text of the last unfinished character
 * comes with token LOBIT_NO_TOKEN at the end. */
typedef struct lobit_piece {
  size_t struct_size;
  uint32_t token;
  const char *text;
  size_t text_size;
} lobit_piece;
/* Return nonzero to stop after this token. */
typedef int (*lobit_piece_callback)(void *user, const lobit_piece *piece);

enum {
  LOBIT_STOP_LIMIT = 0,   /* max_tokens reached */
  LOBIT_STOP_END = 1,     /* an end-of-sequence token was chosen */
  LOBIT_STOP_CONTEXT = 2, /* the context is full */
  LOBIT_STOP_CALLBACK = 3 /* the callback asked for it */
};
typedef struct lobit_generate_options {
  size_t struct_size;
  uint64_t max_tokens;
  int32_t ignore_end;            /* nonzero: go on after end-of-sequence tokens */
  lobit_piece_callback callback; /* may be NULL */
  void *user;
} lobit_generate_options;
/* Samples, reports and evaluates tokens until one of the reasons above; at least one
 * token must have been evaluated before. An end token is neither reported nor
 * evaluated. generated and reason may be NULL; generated counts even when an error ends
 * the call. */
LOBIT_API lobit_status lobit_session_generate(lobit_session *session,
                                              const lobit_generate_options *options,
                                              uint64_t *generated, int32_t *reason,
                                              lobit_error *error);

typedef struct lobit_statistics {
  size_t struct_size;
  uint32_t threads;
  uint64_t prompt_tokens; /* evaluated by lobit_session_eval and _eval_text */
  double prompt_seconds;
  double prompt_tokens_per_second;
  uint64_t generated_tokens; /* by lobit_session_generate */
  double generation_seconds;
  double generation_tokens_per_second;
  uint64_t session_bytes; /* KV cache, scratch and sampling memory */
} lobit_statistics;
LOBIT_API lobit_status lobit_session_get_statistics(const lobit_session *session,
                                                    lobit_statistics *statistics);

/* ---- functions: artifacts that are not language models --------------------------------- */

typedef struct lobit_tensor {
  const char *name; /* NULL: by position */
  int32_t type;     /* LOBIT_TYPE_... */
  uint32_t rank;
  uint64_t dims[LOBIT_MAX_RANK];
  void *data; /* row-major, aligned to its element */
  size_t data_bytes;
} lobit_tensor;
/* All inputs and outputs must be given, in any order when named, with exactly the type
 * and shape of lobit_model_get_input / _output. A message names what is wrong. */
LOBIT_API lobit_status lobit_function_call(lobit_session *session, const lobit_tensor *inputs,
                                           size_t input_count, const lobit_tensor *outputs,
                                           size_t output_count, lobit_error *error);

/* ---- explain: where the time goes -------------------------------------------------------- */

/* Starts (nonzero) or stops recording; starting clears what was recorded. */
LOBIT_API lobit_status lobit_session_set_tracing(lobit_session *session, int32_t on);
typedef struct lobit_operation_info {
  size_t struct_size;
  const char *label;     /* "model.layers.0.self_attn.q_proj" */
  const char *kernel;    /* "lobit_s8_t2_linear_256x256__avx2" */
  const char *layout;    /* "t2_tl1"; "" without weights */
  uint64_t weight_bytes; /* read by one call */
  uint64_t flops;        /* of one row */
  uint64_t calls;        /* since tracing started */
  double seconds;
} lobit_operation_info;
/* The number of operations of the bound code; 0 when it does not say. */
LOBIT_API uint32_t lobit_session_operation_count(const lobit_session *session);
LOBIT_API lobit_status lobit_session_get_operation(const lobit_session *session, uint32_t index,
                                                   lobit_operation_info *info);

#ifdef __cplusplus
}
#endif

#endif /* LOBIT_RUNTIME_H */
