#include "test/support/VnniEmulator.h"

#include <cpuid.h>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ucontext.h>

namespace lobit::test {
namespace {

volatile unsigned long executed = 0;

// Offsets of the XSAVE components in the signal frame, from CPUID leaf 0xD.
uint32_t ymmHighOffset, zmmHighOffset, zmmUpperOffset;

enum Component : uint64_t { Sse = 1 << 1, YmmHigh = 1 << 2, ZmmHigh = 1 << 6, ZmmUpper = 1 << 7 };

/// The vector registers of the interrupted code.
class Registers {
public:
  explicit Registers(void *fpregs) : area(static_cast<uint8_t *>(fpregs)) {
    std::memcpy(&present, area + 512, 8);
  }
  void read(unsigned index, uint8_t (&value)[64]) const {
    std::memset(value, 0, 64);
    visit(index, [&](uint64_t component, uint8_t *stored, unsigned at, unsigned size) {
      if (present & component) // otherwise the component is in its initial state, zero
        std::memcpy(value + at, stored, size);
    });
  }
  void write(unsigned index, const uint8_t (&value)[64]) {
    visit(index, [&](uint64_t component, uint8_t *stored, unsigned at, unsigned size) {
      if (!(present & component))
        clear(component);
      present |= component;
      std::memcpy(stored, value + at, size);
    });
    std::memcpy(area + 512, &present, 8);
  }

private:
  template <typename F> void visit(unsigned index, F f) const {
    if (index >= 16) {
      f(ZmmUpper, area + zmmUpperOffset + 64 * (index - 16), 0, 64);
      return;
    }
    f(Sse, area + 160 + 16 * index, 0, 16);
    f(YmmHigh, area + ymmHighOffset + 16 * index, 16, 16);
    f(ZmmHigh, area + zmmHighOffset + 32 * index, 32, 32);
  }
  /// All registers of a component become zero before one of them is written.
  void clear(uint64_t component) {
    if (component == Sse)
      std::memset(area + 160, 0, 16 * 16);
    if (component == YmmHigh)
      std::memset(area + ymmHighOffset, 0, 16 * 16);
    if (component == ZmmHigh)
      std::memset(area + zmmHighOffset, 0, 16 * 32);
    if (component == ZmmUpper)
      std::memset(area + zmmUpperOffset, 0, 16 * 64);
  }

  uint8_t *area;
  uint64_t present;
};

uint64_t generalRegister(const gregset_t &registers, unsigned index) {
  static const int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15};
  return registers[places[index]];
}

/// One EVEX VPDPBUSD without masking.
struct Instruction {
  unsigned destination, first, bytes; // vector registers and vector length
  bool isMemory, isBroadcast;
  unsigned second;  // register form
  uint64_t address; // memory form
  unsigned length;
};

bool decode(const uint8_t *code, const gregset_t &registers, Instruction &out) {
  // 62, P0 = ~R ~X ~B ~R' 0 mmm, P1 = W ~vvvv 1 pp, P2 = z L'L b ~V' aaa, 50, modrm
  if (code[0] != 0x62 || (code[1] & 0x0f) != 2 || (code[2] & 0x87) != 0x05 || code[4] != 0x50)
    return false;
  if (code[3] & 0x87) // zeroing or a mask
    return false;
  unsigned p0 = ~code[1], r = p0 >> 7 & 1, x = p0 >> 6 & 1, b = p0 >> 5 & 1, r2 = p0 >> 4 & 1;
  unsigned lengthBits = code[3] >> 5 & 3;
  if (lengthBits == 3)
    return false;
  out.bytes = 16u << lengthBits;
  out.isBroadcast = code[3] >> 4 & 1;
  out.first = (~code[2] >> 3 & 15) | (~code[3] >> 3 & 1) << 4;
  unsigned modrm = code[5], mod = modrm >> 6, rm = modrm & 7;
  out.destination = (modrm >> 3 & 7) | r << 3 | r2 << 4;
  out.length = 6;
  out.isMemory = mod != 3;
  if (!out.isMemory) {
    out.second = rm | b << 3 | x << 4;
    return !out.isBroadcast; // a rounding control otherwise
  }
  uint64_t address = 0;
  bool ripRelative = mod == 0 && rm == 5, noBase = false;
  if (rm == 4) {
    unsigned sib = code[out.length++];
    unsigned index = (sib >> 3 & 7) | x << 3, base = sib & 7;
    if (index != 4)
      address += generalRegister(registers, index) << (sib >> 6);
    noBase = mod == 0 && base == 5;
    if (!noBase)
      address += generalRegister(registers, base | b << 3);
  } else if (!ripRelative) {
    address += generalRegister(registers, rm | b << 3);
  }
  if (mod == 1) {
    int64_t scale = out.isBroadcast ? 4 : out.bytes; // disp8*N
    address += int64_t(int8_t(code[out.length])) * scale;
    out.length += 1;
  } else if (mod == 2 || ripRelative || noBase) {
    int32_t displacement;
    std::memcpy(&displacement, code + out.length, 4);
    address += int64_t(displacement);
    out.length += 4;
  }
  if (ripRelative)
    address += registers[REG_RIP] + out.length;
  out.address = address;
  return true;
}

void execute(const Instruction &instruction, Registers &registers) {
  uint8_t sums[64], codes[64], values[64];
  registers.read(instruction.destination, sums);
  registers.read(instruction.first, codes);
  if (!instruction.isMemory)
    registers.read(instruction.second, values);
  else
    for (unsigned i = 0; i < instruction.bytes; i += 4)
      std::memcpy(values + i,
                  reinterpret_cast<const uint8_t *>(instruction.address) +
                      (instruction.isBroadcast ? 0 : i),
                  4);
  for (unsigned lane = 0; lane < instruction.bytes; lane += 4) {
    uint32_t sum;
    std::memcpy(&sum, sums + lane, 4);
    for (unsigned j = lane; j < lane + 4; ++j)
      sum += uint32_t(int32_t(codes[j]) * int32_t(int8_t(values[j])));
    std::memcpy(sums + lane, &sum, 4);
  }
  std::memset(sums + instruction.bytes, 0, 64 - instruction.bytes);
  registers.write(instruction.destination, sums);
}

void handle(int, siginfo_t *, void *context) {
  mcontext_t &machine = static_cast<ucontext_t *>(context)->uc_mcontext;
  // Code has several of them in a row: stay here while the next one follows.
  Registers registers(machine.fpregs);
  Instruction instruction;
  auto next = [&] {
    return decode(reinterpret_cast<const uint8_t *>(machine.gregs[REG_RIP]), machine.gregs,
                  instruction);
  };
  if (!next()) {
    std::signal(SIGILL, SIG_DFL); // happens again, for real
    return;
  }
  do {
    execute(instruction, registers);
    machine.gregs[REG_RIP] += instruction.length;
    executed = executed + 1;
  } while (next());
}

} // namespace

bool installVnniEmulator() {
  if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vl"))
    return false;
  if (__builtin_cpu_supports("avx512vnni"))
    return true;
  unsigned size, offset, c, d;
  auto offsetOf = [&](unsigned component) {
    __cpuid_count(0xd, component, size, offset, c, d);
    return offset;
  };
  ymmHighOffset = offsetOf(2);
  zmmHighOffset = offsetOf(6);
  zmmUpperOffset = offsetOf(7);
  struct sigaction action = {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO;
  return sigaction(SIGILL, &action, nullptr) == 0;
}

unsigned long emulatedInstructions() { return executed; }

} // namespace lobit::test
