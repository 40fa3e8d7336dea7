// What a resolver can be asked. A new record type starts here: HACKING.md lists the further steps.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace signpost::dns {

// The values on the wire (RFC 1035 section 3.2.2, RFC 3596, RFC 6698).
enum class RecordType : std::uint16_t { A = 1, Cname = 5, Mx = 15, Txt = 16, Aaaa = 28, Tlsa = 52 };

// All of them, as metrics name them.
inline constexpr std::array<std::pair<RecordType, std::string_view>, 6> kRecordTypes{{
    {RecordType::Mx, "MX"},
    {RecordType::A, "A"},
    {RecordType::Aaaa, "AAAA"},
    {RecordType::Txt, "TXT"},
    {RecordType::Cname, "CNAME"},
    {RecordType::Tlsa, "TLSA"},
}};

struct Question {
  RecordType type = RecordType::A;
  std::string name;  // the class is always IN
  friend bool operator==(const Question&, const Question&) = default;
};

struct QuestionHash {
  std::size_t operator()(const Question& question) const noexcept {
    return std::hash<std::string>{}(question.name) * 31 + static_cast<std::size_t>(question.type);
  }
};

}  // namespace signpost::dns
