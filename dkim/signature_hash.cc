#include "dkim/signature_hash.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

class HashSink final : public ByteSink {
 public:
  explicit HashSink(std::uint64_t limit) : left_(limit) {}
  void append(std::string_view piece) override {
    octets_ += piece.size();
    piece = piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, piece.size())));
    left_ -= piece.size();
    hash_.update(piece);
  }
  BodyHash finish() { return {hash_.finish(), octets_}; }

 private:
  Sha256 hash_;
  std::uint64_t left_;
  std::uint64_t octets_ = 0;
};

}  // namespace

BodyHash hash_body(Canonicalization method, std::string_view body, std::uint64_t limit) {
  HashSink sink(limit);
  canonicalize_body(method, body, sink);
  return sink.finish();
}

Sha256::Digest hash_header(Canonicalization method, const FieldIndex& fields,
                           const std::vector<std::string_view>& names,
                           std::string_view signature_field) {
  std::vector<std::size_t> taken(fields.size());  // by where a name's instances begin
  std::string canonical;
  canonical.reserve(4096);
  for (const std::string_view name : names) {
    const auto [instances, begin] = fields.find(name);
    if (instances.empty() || taken[begin] == instances.size()) continue;
    canonicalize_field(method, instances[taken[begin]++].field->raw, canonical);
  }
  canonicalize_field(method, signature_field, canonical);
  if (canonical.ends_with("\r\n")) canonical.resize(canonical.size() - 2);
  Sha256 hash;
  hash.update(canonical);
  return hash.finish();
}

}  // namespace signpost::dkim
