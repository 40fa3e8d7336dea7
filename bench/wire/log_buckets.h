// Logarithmic buckets for counting values: `Steps` (a power of two) of them for each power of two.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace signpost::bench::log_buckets {

// Bucket (e, s) holds [ (Steps + s) << e, (Steps + s + 1) << e ); the first Steps hold one value
// each.
template <std::size_t Steps>
constexpr std::size_t bucket_of(std::uint64_t value) {
  static_assert(std::has_single_bit(Steps));
  if (value < Steps) return static_cast<std::size_t>(value);
  const auto power = static_cast<std::size_t>(std::bit_width(value) - std::bit_width(Steps));
  return (power + 1) * Steps + static_cast<std::size_t>((value >> power) - Steps);
}

// The largest value that falls into `bucket`.
template <std::size_t Steps>
constexpr std::uint64_t upper_bound(std::size_t bucket) {
  if (bucket < Steps) return bucket;
  const std::size_t power = bucket / Steps - 1;
  return ((std::uint64_t{Steps} + bucket % Steps + 1) << power) - 1;
}

}  // namespace signpost::bench::log_buckets
