/// \file
/// The C API of beacons: checks arguments, translates structs, calls the classes.
#include "lobit/beacon.h"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Recorder.h"
#include "runtime/beacon/References.h"
#include "runtime/beacon/Routing.h"
#include "runtime/beacon/Verify.h"
#include "runtime/run/CApiStructs.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace lobit;
using namespace lobit::beacon;

struct lobit_beacon {
  RecorderOptions options;
  std::string tensor; ///< of the session: "logits" or "hidden"
  References references;
  std::optional<Recorder> recorder; ///< once the dimension is known
  std::optional<Key> key;
  lobit_session *session = nullptr;
  Recorder::Finished finished;
};

namespace {

ByteView bytesOf(const void *bytes, size_t size) {
  return {static_cast<const uint8_t *>(bytes), size};
}
Result<std::optional<Key>> takeKey(const void *bytes, size_t size) {
  if (!bytes)
    return std::optional<Key>();
  Result<Key> key = Key::make(static_cast<const uint8_t *>(bytes), size);
  if (!key.ok())
    return std::move(key).status();
  return std::optional<Key>(std::move(key).value());
}

/// Of several references, the one of that tensor of the model; there is none for vectors
/// of the caller's own.
Status chooseReference(lobit_beacon &beacon, const char *family) {
  if (beacon.references.size() == 1) {
    beacon.options.reference = beacon.references[0];
  } else if (beacon.references.size() > 1) {
    const Reference *found =
        family ? beacon.references.find({beacon.tensor, family, "id"}, beacon.options.dim)
               : nullptr;
    if (!found)
      return Status(StatusCode::MISSING,
                    "none of the " + std::to_string(beacon.references.size()) +
                        " reference beacons is of the " +
                        (family ? beacon.tensor + " of this model" : "vectors given") +
                        "; give that one alone");
    beacon.options.reference = *found;
  }
  return {};
}

Result<RecorderOptions> recorderOptions(const lobit_beacon_options &in, const Key *key) {
  RecorderOptions out;
  if (in.window > LOBIT_BEACON_FIRST)
    return Status(StatusCode::INVALID_ARGUMENT, "the window is " + std::to_string(in.window) +
                                                    ", expected 0 (last) or 1 (first)");
  const std::string tensor = in.tensor ? in.tensor : "logits";
  if (tensor != "logits" && tensor != "hidden")
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the tensor is '" + tensor + "', expected logits or hidden");
  out.dim = in.dim;
  out.keep = in.window == LOBIT_BEACON_FIRST ? Keep::First : Keep::Last;
  out.maxRows = in.max_rows ? in.max_rows : 128;
  out.ids = {in.space_id ? in.space_id : tensor, in.model_id ? in.model_id : "model",
             in.pi_id ? in.pi_id : "id"};
  Result<SigmaChoice> sigma = SigmaChoice::parse(in.sigma ? in.sigma : "auto");
  if (!sigma.ok())
    return std::move(sigma).status();
  out.sigma = *sigma;
  out.deltaQ16 = in.delta_q16 ? std::optional<uint32_t>(in.delta_q16) : std::nullopt;
  if (in.sds_w_mu != 0 || in.sds_w_trS != 0)
    out.judgement.sdsWeights = {in.sds_w_mu, in.sds_w_trS};
  if (in.has_sds_limit)
    out.judgement.thresholds = {{Metric::Sds, in.sds_limit}};
  if (in.has_origin) {
    Origin origin;
    if (key)
      origin.keyId = key->id();
    origin.sequence = in.sequence;
    origin.issued = in.issued;
    origin.expires = in.expires;
    std::copy(std::begin(in.previous), std::end(in.previous), origin.previous.begin());
    out.origin = origin;
  }
  return out;
}

Status startRecording(lobit_beacon &beacon, const char *family) {
  if (Status status = chooseReference(beacon, family); !status.ok())
    return status;
  Result<Recorder> recorder = Recorder::create(beacon.options);
  if (!recorder.ok())
    return std::move(recorder).status();
  beacon.recorder = std::move(recorder).value();
  return {};
}

void observe(void *user, uint64_t, const float *row) {
  static_cast<lobit_beacon *>(user)->recorder->add(row);
}
auto observerSetter(const lobit_beacon &beacon) {
  return beacon.tensor == "hidden" ? lobit_session_set_hidden_observer : lobit_session_set_observer;
}
void detach(lobit_beacon &beacon) {
  if (beacon.session)
    observerSetter(beacon)(beacon.session, nullptr, nullptr, nullptr);
  beacon.session = nullptr;
}

} // namespace

lobit_status lobit_beacon_create(const lobit_beacon_options *given, lobit_beacon **out,
                                 lobit_error *error) {
  if (!out)
    return invalid(error, "lobit_beacon_create needs an out pointer");
  const lobit_beacon_options in = options(given);
  Result<std::optional<Key>> key = takeKey(in.key, in.key_size);
  if (!key.ok())
    return report(error, key.status());
  Result<RecorderOptions> recorder = recorderOptions(in, *key ? &**key : nullptr);
  if (!recorder.ok())
    return report(error, recorder.status());
  References references;
  if (in.reference) {
    Result<References> read = References::read(bytesOf(in.reference, in.reference_size));
    if (!read.ok())
      return report(error, std::move(read).status().withContext("the reference"));
    references = std::move(read).value();
  }
  lobit_beacon *beacon = new (std::nothrow) lobit_beacon();
  if (!beacon)
    return report(error, Status(StatusCode::OUT_OF_MEMORY, "no memory for a beacon"));
  beacon->options = std::move(recorder).value();
  beacon->key = std::move(key).value();
  beacon->tensor = in.tensor ? in.tensor : "logits";
  beacon->references = std::move(references);
  if (in.dim != 0 && !in.tensor)
    if (Status status = startRecording(*beacon, nullptr); !status.ok()) {
      delete beacon;
      return report(error, status);
    }
  *out = beacon;
  return LOBIT_STATUS_OK;
}

void lobit_beacon_release(lobit_beacon *beacon) {
  if (beacon)
    detach(*beacon);
  delete beacon;
}

lobit_status lobit_beacon_attach(lobit_beacon *beacon, lobit_session *session, lobit_error *error) {
  if (!beacon)
    return invalid(error, "lobit_beacon_attach needs a beacon");
  detach(*beacon);
  if (!session)
    return LOBIT_STATUS_OK;
  lobit_model_info info = {};
  info.struct_size = sizeof(info);
  if (lobit_status status = lobit_session_get_model_info(session, &info))
    return status;
  const uint64_t dim = beacon->tensor == "hidden" ? info.hidden : info.vocab;
  if (dim > kMaxDim || (beacon->options.dim != 0 && beacon->options.dim != dim))
    return report(error, Status(StatusCode::MISMATCH,
                                "the beacon takes vectors of " +
                                    std::to_string(beacon->options.dim) + " numbers, the " +
                                    beacon->tensor + " of the model has " + std::to_string(dim)));
  Content::ArtifactName artifact;
  std::copy(std::begin(info.root_digest), std::end(info.root_digest), artifact.root.begin());
  artifact.tensor = beacon->tensor;
  beacon->options.artifact = artifact;
  beacon->options.dim = uint32_t(dim);
  if (Status status = startRecording(*beacon, info.family); !status.ok())
    return report(error, status);
  if (lobit_status status = observerSetter(*beacon)(session, observe, beacon, error))
    return status;
  beacon->session = session;
  return LOBIT_STATUS_OK;
}

lobit_status lobit_beacon_add(lobit_beacon *beacon, const float *row, lobit_error *error) {
  if (!beacon || !row || !beacon->recorder)
    return invalid(error, "lobit_beacon_add needs a beacon with a dimension and a row");
  beacon->recorder->add(row);
  return LOBIT_STATUS_OK;
}

uint64_t lobit_beacon_rows(const lobit_beacon *beacon) {
  return beacon && beacon->recorder ? beacon->recorder->rows() : 0;
}

lobit_status lobit_beacon_finish(lobit_beacon *beacon, lobit_beacon_result *result,
                                 lobit_error *error) {
  if (!beacon || !result || !beacon->recorder)
    return invalid(error, "lobit_beacon_finish needs a beacon that has recorded and a result");
  Result<Recorder::Finished> finished =
      beacon->recorder->finish(beacon->key ? &*beacon->key : nullptr);
  if (!finished.ok())
    return report(error, finished.status());
  beacon->finished = std::move(finished).value();
  const Results &results = beacon->finished.results;
  lobit_beacon_result value = {};
  value.bytes = beacon->finished.bytes.data();
  value.size = beacon->finished.bytes.size();
  value.sds = results.sds;
  value.norm_dmu = results.normDmu;
  value.cos_mu = results.cosMu;
  value.tr_sigma = results.trSigma;
  value.alert = results.alert() != nullptr;
  return fill(result, value);
}

static int32_t answer(Answer answer) {
  return answer == Answer::Yes  ? LOBIT_ANSWER_YES
         : answer == Answer::No ? LOBIT_ANSWER_NO
                                : LOBIT_ANSWER_NOT_CHECKED;
}

lobit_status lobit_beacon_verify(const void *bytes, size_t size,
                                 const lobit_beacon_verify_options *given,
                                 lobit_beacon_verdict *out, lobit_error *error) {
  if (!bytes && size != 0)
    return invalid(error, "lobit_beacon_verify needs bytes");
  const lobit_beacon_verify_options in = options(given);
  Result<std::optional<Key>> key = takeKey(in.key, in.key_size);
  if (!key.ok())
    return report(error, key.status());
  Request request;
  request.key = *key ? &**key : nullptr;
  if (in.space_id && in.model_id && in.pi_id)
    request.ids = ContextIds{in.space_id, in.model_id, in.pi_id};
  else if (in.space_id || in.model_id || in.pi_id)
    return invalid(error, "space_id, model_id and pi_id belong together");
  if (in.has_now)
    request.origin.now = in.now;
  if (in.has_last_sequence)
    request.origin.lastSequence = in.last_sequence;
  View view;
  const Fault fault = parse(bytesOf(bytes, size), view);
  Verdict verdict;
  verdict.intact = Answer::No;
  verdict.status = fault.status();
  lobit_beacon_verdict value = {};
  if (fault.ok()) {
    verdict = verify(view, request);
    if (const std::optional<Origin> origin = originOf(view))
      value.sequence = origin->sequence;
  }
  value.intact = answer(verdict.intact);
  value.authentic = answer(verdict.authentic);
  value.acceptable = answer(verdict.acceptable);
  if (out)
    if (lobit_status status = fill(out, value))
      return status;
  return report(error, verdict.status);
}

lobit_status lobit_beacon_routing_key(const void *bytes, size_t size, int32_t content,
                                      uint8_t key[32], lobit_error *error) {
  if ((!bytes && size != 0) || !key)
    return invalid(error, "lobit_beacon_routing_key needs bytes and room for the key");
  View view;
  const Fault fault = parse(bytesOf(bytes, size), view);
  if (!fault.ok())
    return report(error, fault.status());
  const Digest digest = content ? contentKey(view) : routingKey(view);
  std::copy(digest.begin(), digest.end(), key);
  return LOBIT_STATUS_OK;
}
