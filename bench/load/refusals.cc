#include "bench/load/refusals.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace signpost::bench {

namespace {

constexpr std::size_t kMaxKinds = 50;
constexpr std::size_t kMaxWords = 200;  // octets of a reply that are kept
// A word as long as this with a digit in it is an ID or a number, not the server's language.
constexpr std::size_t kShortestId = 6;

std::string words_of(const Reply& reply) {
  std::string words = fmt::format("{}", reply.code);
  for (const std::string& line : reply.lines) {
    words += ' ';
    for (const char c : line) {
      if (words.size() >= kMaxWords) return words + "...";
      if (c >= ' ' && c <= '~') {
        words += c;
      } else {
        fmt::format_to(std::back_inserter(words), "\\x{:02x}", static_cast<unsigned char>(c));
      }
    }
  }
  return words;
}

// The words without addresses and IDs.
std::string kind_of(std::string_view words) {
  std::string kind;
  for (std::size_t at = 0; at < words.size();) {
    std::size_t end = at;
    if (words[at] == '<') {
      end = std::min(words.find('>', at), words.size());
      kind += '<';
      at = end;
      continue;
    }
    while (end < words.size() && ascii::is_alnum(words[end])) ++end;
    const std::string_view word = words.substr(at, end - at);
    if (word.empty()) {
      kind += words[at++];
      continue;
    }
    const bool id = word.size() >= kShortestId &&
                    std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; });
    kind += id ? std::string_view("#") : word;
    at = end;
  }
  return kind;
}

}  // namespace

void Refusals::count(std::string_view command, const Reply& reply) {
  const Kind kind{std::string(command), words_of(reply), 1};
  add(kind.command + ' ' + kind_of(kind.words), kind);
}

void Refusals::add(std::string_view key, const Kind& kind) {
  if (const auto known = kinds_.find(key); known != kinds_.end()) {
    known->second.count += kind.count;
  } else if (kinds_.size() < kMaxKinds) {
    kinds_.emplace(key, kind);
  } else {
    others_ += kind.count;
  }
}

void Refusals::merge(const Refusals& other) {
  for (const auto& [key, kind] : other.kinds_) add(key, kind);
  others_ += other.others_;
}

std::vector<Refusals::Kind> Refusals::kinds() const {
  std::vector<Kind> kinds;
  kinds.reserve(kinds_.size());
  for (const auto& [key, kind] : kinds_) kinds.push_back(kind);
  std::ranges::stable_sort(kinds, std::ranges::greater(), &Kind::count);
  return kinds;
}

}  // namespace signpost::bench
