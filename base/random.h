// Random numbers: fast ones for jitter and shuffles, and bytes from the kernel for what an
// attacker must not guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace signpost {

// A std::uniform_random_bit_generator. One thread's. Not for secrets.
class Random {
 public:
  Random();                             // seeded from the kernel
  explicit Random(std::uint64_t seed);  // the same numbers for the same seed

  using result_type = std::uint64_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() noexcept;

  // This thread's, for code without a relay::Context.
  static Random& local();

  // In [0, bound). REQUIRES: bound > 0
  std::uint64_t below(std::uint64_t bound) noexcept { return (*this)() % bound; }
  // In [0, 1).
  double fraction() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_[4];
};

std::string secret_bytes(std::size_t size);  // getrandom(2)

}  // namespace signpost
