/*
 * Lobit beacons: the C API of liblobit_beacon, which needs OpenSSL and libb2. Ownership,
 * errors and structs follow the rules of lobit/runtime.h. docs/format-bit.md describes
 * the bytes.
 */
#ifndef LOBIT_BEACON_H
#define LOBIT_BEACON_H

#include "lobit/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- writing: a window of vectors becomes a beacon ---------------------------------- */

typedef struct lobit_beacon lobit_beacon;

enum { LOBIT_BEACON_LAST = 0, LOBIT_BEACON_FIRST = 1 };

typedef struct lobit_beacon_options {
  size_t struct_size;
  uint32_t dim;         /* of the vectors; 0: that of the session's tensor it is attached to */
  uint32_t window;      /* LOBIT_BEACON_LAST or _FIRST vectors */
  uint64_t max_rows;    /* 0: 128 */
  const char *space_id; /* NULL: the tensor */
  const char *model_id; /* NULL: "model" */
  const char *pi_id;    /* NULL: "id"; "rp:<seed>:<k>" projects every vector to k numbers */
  const char *sigma;    /* NULL: "auto"; "none", "diagonal", "full", "lowrank:R" */
  uint32_t delta_q16;   /* step of the 16-bit mean in 1/65536; 0: the finest that fits */
  double sds_w_mu, sds_w_trS; /* both 0: 1 and 0.5 */
  /* What the mean is compared with: a beacon of the same dimension, or all those of
   * lobit_model_get_calibration, of which the one of the tensor counts; NULL: the first half
   * of the window. Checked, copied. */
  const void *reference;
  size_t reference_size;
  int32_t has_sds_limit; /* nonzero: sds_limit is set, and a larger SDS is a drift alert */
  double sds_limit;
  /* HMAC-SHA256 key, at least 32 bytes; NULL: unauthenticated. Copied, wiped at release. */
  const void *key;
  size_t key_size;
  /* The chain. Times are yours to give: the library reads no clock. */
  int32_t has_origin;
  uint64_t sequence, issued, expires;
  uint8_t previous[32]; /* SHA-256 of the previous beacon, zeros for the first */
  const char *tensor; /* of a session: "logits" or "hidden", the final hidden state; NULL: logits */
} lobit_beacon_options;

LOBIT_API lobit_status lobit_beacon_create(const lobit_beacon_options *options, lobit_beacon **out,
                                           lobit_error *error);
LOBIT_API void lobit_beacon_release(lobit_beacon *beacon);

/* Records the tensor at every position the session evaluates from now on, and binds the
 * beacon to the root digest of its model. The session holds one observer of each tensor:
 * this replaces another. Detach (session NULL) or release the session before the beacon. */
LOBIT_API lobit_status lobit_beacon_attach(lobit_beacon *beacon, lobit_session *session,
                                           lobit_error *error);
/* Records one vector [dim] of your own. */
LOBIT_API lobit_status lobit_beacon_add(lobit_beacon *beacon, const float *row, lobit_error *error);
LOBIT_API uint64_t lobit_beacon_rows(const lobit_beacon *beacon);

typedef struct lobit_beacon_result {
  size_t struct_size;
  const void *bytes; /* of the beacon; live until the next finish or release */
  size_t size;
  double sds, norm_dmu, cos_mu, tr_sigma; /* NaN: not known */
  int32_t alert;                          /* nonzero: the limit was exceeded */
} lobit_beacon_result;
/* Writes the beacon of what was recorded so far; recording goes on. */
LOBIT_API lobit_status lobit_beacon_finish(lobit_beacon *beacon, lobit_beacon_result *result,
                                           lobit_error *error);

/* ---- reading ------------------------------------------------------------------------- */

enum { LOBIT_ANSWER_NO = 0, LOBIT_ANSWER_YES = 1, LOBIT_ANSWER_NOT_CHECKED = 2 };

typedef struct lobit_beacon_verify_options {
  size_t struct_size;
  const void *key; /* NULL: authenticity is not checked */
  size_t key_size;
  const char *space_id, *model_id, *pi_id; /* all or none: the context must be theirs */
  int32_t has_now;           /* nonzero: refuse beacons that expired or come from the future */
  uint64_t now;              /* UNIX seconds */
  int32_t has_last_sequence; /* nonzero: refuse sequence numbers up to this one */
  uint64_t last_sequence;
} lobit_beacon_verify_options;

typedef struct lobit_beacon_verdict {
  size_t struct_size;
  int32_t intact, authentic, acceptable; /* LOBIT_ANSWER_... */
  uint64_t sequence;                     /* of its origin; 0 without one */
} lobit_beacon_verdict;

/* Checks bytes that are one beacon. OK when all that was asked holds; CHECK_FAILED,
 * MALFORMED, UNSUPPORTED (an unknown critical record) or DRIFT (all holds and the beacon
 * reports drift) otherwise. The verdict, which may be NULL, is filled in any case. */
LOBIT_API lobit_status lobit_beacon_verify(const void *bytes, size_t size,
                                           const lobit_beacon_verify_options *options,
                                           lobit_beacon_verdict *verdict, lobit_error *error);

/* The routing key of one beacon; content: nonzero for the key that does not depend on
 * signature and extra records. */
LOBIT_API lobit_status lobit_beacon_routing_key(const void *bytes, size_t size, int32_t content,
                                                uint8_t key[32], lobit_error *error);

#ifdef __cplusplus
}
#endif

#endif /* LOBIT_BEACON_H */
