#include "dkim/signature_hash.h"

#include "base/ascii.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

class HashSink final : public ByteSink {
 public:
  explicit HashSink(std::uint64_t limit) : left_(limit) {}
  void append(std::string_view piece) override {
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece.size())));
    left_ -= piece.size();
    hash_.update(piece);
  }
  Sha256::Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
  std::uint64_t left_;
};

}  // namespace

Sha256::Digest hash_body(Canonicalization method, std::string_view body, std::uint64_t limit) {
  HashSink sink(limit);
  canonicalize_body(method, body, sink);
  return sink.finish();
}

Sha256::Digest hash_header(Canonicalization method, const message::HeaderSection& header,
                           const std::vector<std::string_view>& names,
                           std::string_view signature_field) {
  const auto& fields = header.fields();
  std::vector<bool> used(fields.size(), false);
  std::string canonical;
  canonical.reserve(header.text().size() + signature_field.size());
  for (const std::string_view name : names) {
    for (std::size_t i = fields.size(); i-- > 0;) {
      if (used[i] || !fields[i].is(name)) continue;
      used[i] = true;
      canonicalize_field(method, fields[i].raw, canonical);
      break;
    }
  }
  canonicalize_field(method, signature_field, canonical);
  if (canonical.ends_with("\r\n")) canonical.resize(canonical.size() - 2);
  Sha256 hash;
  hash.update(canonical);
  return hash.finish();
}

}  // namespace signpost::dkim
