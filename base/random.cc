#include "base/random.h"

#include "base/check.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>

namespace signpost {

namespace {

void fill(void* to, std::size_t size) {
  char* next = static_cast<char*>(to);
  while (size != 0) {
    const ssize_t got = getrandom(next, size, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0);
    next += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

Random::Random() { fill(state_, sizeof state_); }

// Spread over the state with splitmix64, as the authors of xoshiro advise.
Random::Random(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    word = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    word ^= word >> 31;
  }
}

Random& Random::local() {
  static thread_local Random random;
  return random;
}

// xoshiro256** by Blackman and Vigna (public domain description).
Random::result_type Random::operator()() noexcept {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::string secret_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  fill(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace signpost
