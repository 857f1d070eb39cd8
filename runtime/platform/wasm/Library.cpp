// The library functions that a module must not take from Debian's wasm32 archives: what
// has an operating system behind it, and libc++'s strings, whose object there cannot be in
// shared memory.
#include "runtime/platform/wasm/Heap.h"
#include "runtime/platform/wasm/Host.h"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>

using namespace lobit::platform;

[[noreturn]] static void fail(const char *message) { lobit_host_fail(message, strlen(message)); }

static void *allocateOrFail(size_t size, size_t alignment) {
  void *pointer = heapAllocate(size, alignment);
  if (!pointer)
    fail("out of memory");
  return pointer;
}

void *operator new(size_t size) { return allocateOrFail(size, 16); }
void *operator new[](size_t size) { return allocateOrFail(size, 16); }
void *operator new(size_t size, std::align_val_t alignment) {
  return allocateOrFail(size, size_t(alignment));
}
void *operator new(size_t size, const std::nothrow_t &) noexcept { return heapAllocate(size, 16); }
void operator delete(void *pointer) noexcept { heapFree(pointer); }
void operator delete[](void *pointer) noexcept { heapFree(pointer); }
void operator delete(void *pointer, size_t) noexcept { heapFree(pointer); }
void operator delete[](void *pointer, size_t) noexcept { heapFree(pointer); }
void operator delete(void *pointer, std::align_val_t) noexcept { heapFree(pointer); }
void operator delete(void *pointer, size_t, std::align_val_t) noexcept { heapFree(pointer); }

extern "C" {
void *malloc(size_t size) { return heapAllocate(size, 16); }
void free(void *pointer) { heapFree(pointer); }
_Noreturn void abort() { fail("the runtime stopped itself"); }
/// The 128-bit product that checked 64-bit multiplication needs.
__int128 __multi3(__int128 a, __int128 b) {
  const uint64_t aLow = uint64_t(a), bLow = uint64_t(b), mask = 0xffffffff;
  const uint64_t low = (aLow & mask) * (bLow & mask);
  const uint64_t middle = (aLow >> 32) * (bLow & mask) + (low >> 32);
  const uint64_t other = (aLow & mask) * (bLow >> 32) + (middle & mask);
  const uint64_t high = (aLow >> 32) * (bLow >> 32) + (middle >> 32) + (other >> 32) +
                        uint64_t(a >> 64) * bLow + aLow * uint64_t(b >> 64);
  return __int128(static_cast<unsigned __int128>(high) << 64 | (other << 32 | (low & mask)));
}
/// Nothing runs at the end of a module.
int __cxa_atexit(void (*)(void *), void *, void *) { return 0; }
/// What the C++ library says before it gives up.
[[noreturn]] void abort_message(const char *format, ...) { fail(format); }
[[noreturn]] void __cxa_pure_virtual() { fail("a pure virtual function was called"); }
}

template <typename T> static std::string decimal(T value) {
  char digits[24];
  return std::string(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

/// As printf's %f, for messages: numbers of 10^15 and more lose digits.
static std::string fixed(double value) {
  if (value != value)
    return "nan";
  std::string text = value < 0 ? "-" : "";
  double magnitude = value < 0 ? -value : value;
  if (magnitude > 3.5e38)
    return text + "inf";
  size_t zeros = 0;
  for (; magnitude >= 1e15; magnitude /= 10)
    ++zeros;
  const uint64_t millionths = uint64_t(magnitude * 1e6 + 0.5);
  text += decimal(millionths / 1000000) + std::string(zeros, '0') + ".";
  const std::string fraction = decimal(millionths % 1000000);
  return text + std::string(6 - fraction.size(), '0') + fraction;
}

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char *format, ...) { fail(format); }

template class basic_string<char>;
template string &string::__assign_no_alias<false>(const char *, size_t);
template string &string::__assign_no_alias<true>(const char *, size_t);
template string operator+ <char, char_traits<char>, allocator<char>>(const char *, const string &);
string to_string(int value) { return decimal(value); }
string to_string(unsigned value) { return decimal(value); }
string to_string(long value) { return decimal(value); }
string to_string(unsigned long value) { return decimal(value); }
string to_string(long long value) { return decimal(value); }
string to_string(unsigned long long value) { return decimal(value); }
string to_string(float value) { return fixed(value); }
_LIBCPP_END_NAMESPACE_STD
