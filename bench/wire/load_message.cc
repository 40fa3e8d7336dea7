#include "bench/wire/load_message.h"

#include "base/ascii.h"
#include "bench/wire/crc32.h"
#include "bench/wire/mail_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

namespace signpost::bench {

namespace {

constexpr std::size_t kBodies = 64;
constexpr std::size_t kLineLength = 76;
// Octets of the header below with names of ordinary length: close enough for --size.
constexpr std::size_t kHeaderSize = 300;

std::string make_body(std::size_t size, std::mt19937_64& random) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ .,-0123456789";
  std::string body;
  body.reserve(size + 2);
  while (body.size() + 2 < size) {
    const std::size_t length = std::min(kLineLength, size - body.size() - 2);
    // Now and then a line that needs dot-stuffing.
    body += random() % 16 == 0 ? '.' : 'x';
    for (std::size_t i = 1; i < length; ++i) body += kLetters[random() % kLetters.size()];
    body += "\r\n";
  }
  if (body.empty()) body = "\r\n";
  return body;
}

// The value of the first field of that name in the header, trimmed.
std::string_view field(std::string_view header, std::string_view name) {
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = std::min(header.find("\r\n", at), header.size());
    const std::string_view line = header.substr(at, end - at);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ascii::starts_with_ignore_case(line, name)) {
      return ascii::trim(line.substr(name.size() + 1));
    }
    at = end + 2;
  }
  return {};
}

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 40 + 2);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.append(line).append("\r\n");
    at = end + 1;
  }
  if (out.empty()) out = "\r\n";
  return out;
}

std::string type_fields(std::string_view content_type, bool eight_bit) {
  return fmt::format("Content-Type: {}\r\n{}", content_type,
                     eight_bit ? "Content-Transfer-Encoding: 8bit\r\n" : "");
}

std::string checksum_of(std::string_view body) { return fmt::format("{:08x}", crc32(body)); }

}  // namespace

LoadMessages::LoadMessages(std::size_t size, std::string from, std::uint64_t seed,
                           Transfer transfer)
    : from_(std::move(from)),
      transfer_(transfer),
      type_fields_(type_fields("text/plain; charset=us-ascii", false)) {
  std::mt19937_64 random(seed);
  const std::size_t body_size = size > kHeaderSize ? size - kHeaderSize : 2;
  // Large bodies: fewer of them, so that the pool stays within some megabytes.
  const std::size_t count = std::max<std::size_t>(1, std::min(kBodies, (8u << 20) / body_size));
  for (std::size_t i = 0; i < count; ++i) {
    add_body(make_body(body_size, random));
  }
}

LoadMessages::LoadMessages(const std::vector<std::string>& bodies, std::string_view content_type,
                           std::string from, Transfer transfer)
    : from_(std::move(from)), transfer_(transfer) {
  for (const std::string& body : bodies) {
    eight_bit_ = eight_bit_ || std::ranges::any_of(body, [](char c) { return (c & 0x80) != 0; });
    add_body(with_crlf(body));
  }
  type_fields_ = type_fields(content_type, eight_bit_);
}

void LoadMessages::add_body(const std::string& body) {
  bodies_.push_back({transfer_ == Transfer::Data ? dot_stuffed(body) : body, checksum_of(body)});
}

void LoadMessages::append(std::string& wire, std::string_view id, std::string_view to,
                          std::uint64_t number, std::string_view date) const {
  const Body& body = bodies_[number % bodies_.size()];
  fmt::format_to(std::back_inserter(wire),
                 "Date: {}\r\nFrom: Load <{}>\r\nTo: <{}>\r\nSubject: Order {} is on its way\r\n"
                 "Message-ID: <{}@load.example>\r\nMIME-Version: 1.0\r\n"
                 "{}{}: {}\r\n{}: {}\r\n\r\n",
                 date, from_, to, number, id, type_fields_, kIdField, id, kChecksumField,
                 body.checksum);
  wire += body.wire;
}

LoadVerdict judge(std::string_view content) {
  const auto blank = content.find("\r\n\r\n");
  const std::string_view header = content.substr(0, blank);
  LoadVerdict verdict;
  verdict.id = field(header, kIdField);
  if (verdict.id.empty()) return verdict;
  const std::string_view checksum = field(header, kChecksumField);
  const std::string_view body =
      blank == std::string_view::npos ? std::string_view{} : content.substr(blank + 4);
  verdict.intact = checksum == checksum_of(body);
  return verdict;
}

}  // namespace signpost::bench
