#include "runtime/beacon/References.h"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Verify.h"

namespace lobit::beacon {

Result<References> References::read(ByteView bytes) {
  References all;
  do {
    View view;
    if (const Fault fault = parseFirst(bytes, view); !fault.ok())
      return fault.status();
    Verdict verdict = verify(view, Request());
    if (!verdict.ok() && verdict.status.code() != StatusCode::DRIFT)
      return std::move(verdict.status);
    all.references_.push_back({muOf(view), hexText(view.context(), kContextBytes)});
    bytes = {bytes.data + view.bytes.size, bytes.size - view.bytes.size};
  } while (bytes.size != 0);
  return all;
}

const Reference *References::find(const ContextIds &ids, uint32_t dim) const {
  const std::string name = hexText(contextHash(ids, dim).data(), kContextBytes);
  for (const Reference &reference : references_)
    if (reference.name == name)
      return &reference;
  return nullptr;
}

} // namespace lobit::beacon
