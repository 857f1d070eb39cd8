/// \file
/// HMAC-SHA256 (OpenSSL), BLAKE2b (libb2), and keys that are wiped.
#ifndef LOBIT_BEACON_CRYPTO_H
#define LOBIT_BEACON_CRYPTO_H

#include "runtime/beacon/Format.h"
#include "runtime/format/ByteView.h"
#include "runtime/format/Sha256.h"
#include "runtime/format/Status.h"

#include <array>
#include <initializer_list>
#include <vector>

namespace lobit::beacon {

using KeyId = std::array<uint8_t, kKeyIdBytes>;

/// A secret. Its memory is wiped; no message ever holds it.
class Key {
public:
  /// INVALID_ARGUMENT for fewer than 32 bytes or nothing but zeros.
  static Result<Key> make(const uint8_t *bytes, uint64_t size);
  /// 64 or more hexadecimal digits, white space around them.
  static Result<Key> fromHex(std::string_view text);

  Key() = default;
  Key(Key &&other) noexcept : bytes_(std::move(other.bytes_)), id_(other.id_) {}
  Key &operator=(Key &&other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Key();

  const std::vector<uint8_t> &bytes() const { return bytes_; }
  /// The first 8 bytes of HMAC(key, "BIT key id"): names a key without telling it.
  const KeyId &id() const { return id_; }

private:
  std::vector<uint8_t> bytes_;
  KeyId id_{};
};

/// HMAC-SHA256 over the parts, one after another. OUT_OF_MEMORY when OpenSSL has none.
Result<Digest> hmacSha256(const Key &key, std::initializer_list<ByteView> parts);
/// In time that does not depend on where they differ.
bool equalSecrets(const uint8_t *a, const uint8_t *b, uint64_t size);
void wipe(void *bytes, uint64_t size);

/// BLAKE2b with the digest size as a parameter of the hash, unkeyed.
void blake2b(uint8_t *digest, uint64_t digestBytes, std::initializer_list<ByteView> parts);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_CRYPTO_H
