#include "dkim/key_record.h"

#include "base/ascii.h"
#include "dkim/tag_list.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

constexpr std::size_t kMaxString = 255;  // RFC 1035 section 3.3

// "a:b:c" with blanks around the colons holds `item`. Values are case-sensitive unless their tag
// says otherwise (section 3.2), and none here does: what others may refuse must not look valid.
bool list_holds(std::string_view list, std::string_view item) {
  return std::ranges::any_of(ascii::split(list, ':'),
                             [&](std::string_view entry) { return ascii::trim(entry) == item; });
}

}  // namespace

std::string record_name(std::string_view domain, std::string_view selector) {
  return std::string(selector).append("._domainkey.").append(domain);
}

std::string record_text(const PrivateKey& key) {
  return std::string("v=DKIM1; k=")
      .append(key_type_text(key.algorithm()))
      .append("; p=")
      .append(key.public_key_base64());
}

std::string zone_file_line(std::string_view domain, std::string_view selector,
                           const PrivateKey& key) {
  const std::string text = record_text(key);
  std::string strings;
  for (std::size_t at = 0; at < text.size(); at += kMaxString) {
    if (at != 0) strings += ' ';
    strings.append("\"").append(text, at, kMaxString).append("\"");
  }
  if (text.size() > kMaxString) strings = "( " + strings + " )";
  return record_name(domain, selector) + ". IN TXT " + strings;
}

Result<KeyRecord> parse_key_record(std::string_view text) {
  const auto tags = TagList::parse(text);
  if (!tags) return fail(tags.error().code, "key record: " + tags.error().detail);
  KeyRecord record;
  if (const auto v = tags->find("v")) {
    if (*v != "DKIM1") return fail(Errc::InvalidArgument, "key record: v= is not DKIM1");
    if (tags->tags().front().first != "v") {
      return fail(Errc::InvalidArgument, "key record: v= is not the first tag");
    }
  }
  const auto p = tags->find("p");
  if (!p) return fail(Errc::InvalidArgument, "key record: no p=");
  record.public_key = without_white_space(*p);
  if (const auto k = tags->find("k"); k && *k != "rsa") {
    if (*k != "ed25519") {
      return fail(Errc::InvalidArgument, "key record: unknown k=");
    }
    record.algorithm = Algorithm::Ed25519Sha256;
  }
  if (const auto h = tags->find("h"); h && !list_holds(*h, "sha256")) {
    return fail(Errc::InvalidArgument, "key record: h= does not allow sha256");
  }
  if (const auto s = tags->find("s"); s && !list_holds(*s, "*") && !list_holds(*s, "email")) {
    return fail(Errc::InvalidArgument, "key record: s= is not for e-mail");
  }
  if (const auto t = tags->find("t")) {
    record.testing = list_holds(*t, "y");
    record.strict = list_holds(*t, "s");
  }
  return record;
}

}  // namespace signpost::dkim
