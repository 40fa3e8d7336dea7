#include "dkim/signer.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "dkim/signature_hash.h"

#include <algorithm>

namespace signpost::dkim {

namespace {

constexpr std::size_t kLineLimit = 76;  // octets of a line, without its CRLF
constexpr std::string_view kFold = "\r\n\t";

// Writes a field of tags, and folds it between tags or within values that may be folded.
class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out), line_(out.size()) {}

  // "tag=value;" on the line if it fits, else on the next.
  void tag(std::string_view tag, std::string_view value) {
    space(tag.size() + value.size() + 2);
    out_.append(tag).append("=").append(value).append(";");
  }
  // Like tag(), folded after the colons.
  void list(std::string_view tag, const std::vector<std::string_view>& names) {
    space(tag.size() + 1 + (names.empty() ? 0 : names.front().size() + 1));
    out_.append(tag).append("=");
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool last = i + 1 == names.size();
      if (i != 0 && width() + names[i].size() + 1 > kLineLimit) fold();
      out_.append(names[i]).append(last ? ";" : ":");
    }
  }
  void open(std::string_view tag) {
    space(tag.size() + 1);
    out_.append(tag).append("=");
  }
  // Base64, folded anywhere.
  void base64(std::string_view text) {
    while (!text.empty()) {
      const std::size_t room = kLineLimit - std::min(kLineLimit, width());
      if (room == 0) {
        fold();
        continue;
      }
      const std::string_view piece = text.substr(0, room);
      out_.append(piece);
      text.remove_prefix(piece.size());
    }
  }

 private:
  std::size_t width() const { return out_.size() - line_; }
  void fold() {
    out_ += kFold;
    line_ = out_.size() - 1;  // the tab counts
  }
  void space(std::size_t needed) {
    if (width() + 1 + needed > kLineLimit) {
      fold();
    } else {
      out_ += ' ';
    }
  }

  std::string& out_;
  std::size_t line_;  // where the line under way begins
};

// h=: each signed field as often as it occurs, oversigned ones once more.
std::vector<std::string_view> names_to_sign(const SigningIdentity& identity,
                                            const FieldIndex& fields) {
  const auto listed = [](const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::any_of(
        names, [&](const std::string& other) { return ascii::equals_ignore_case(other, name); });
  };
  std::vector<std::string_view> names;
  names.reserve(64);
  const auto add = [&](std::string_view name, std::size_t times) {
    names.insert(names.end(), times, name);
  };
  if (!listed(identity.signed_fields, "From") && !listed(identity.oversigned_fields, "From")) {
    add("From", 1);  // section 5.4: From is always signed
  }
  for (const std::string& name : identity.signed_fields) add(name, fields.count(name));
  for (const std::string& name : identity.oversigned_fields) {
    add(name, listed(identity.signed_fields, name) ? 1 : fields.count(name) + 1);
  }
  return names;
}

// Each method's hash is made at most once for all identities.
class BodyHashes {
 public:
  explicit BodyHashes(std::string_view body) : body_(body) {}
  const std::string& of(Canonicalization method) {
    std::optional<std::string>& slot = method == Canonicalization::Simple ? simple_ : relaxed_;
    if (!slot) slot = base64::encode(view(hash_body(method, body_).digest));
    return *slot;
  }

 private:
  std::string_view body_;
  std::optional<std::string> simple_;
  std::optional<std::string> relaxed_;
};

Result<void> append_signature(const SigningIdentity& identity, const FieldIndex& fields,
                              BodyHashes& bodies, SystemTime now, std::string& out) {
  const auto names = names_to_sign(identity, fields);
  const auto time = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const std::size_t begin = out.size();
  FieldWriter field(out);
  out += "DKIM-Signature:";
  field.tag("v", "1");
  field.tag("a", algorithm_text(identity.key->algorithm()));
  field.tag("c", identity.canonicalization.text());
  field.tag("d", identity.domain);
  field.tag("s", identity.selector);
  field.tag("t", std::to_string(time.count()));
  if (identity.expire) field.tag("x", std::to_string((time + *identity.expire).count()));
  field.list("h", names);
  field.tag("bh", bodies.of(identity.canonicalization.body));
  field.open("b");
  const auto digest = hash_header(identity.canonicalization.header, fields, names,
                                  std::string_view(out).substr(begin));
  const auto signature = identity.key->sign(view(digest));
  if (!signature) return Failure(signature.error());
  field.base64(base64::encode(*signature));
  out += "\r\n";
  return {};
}

}  // namespace

const std::vector<std::string>& default_signed_fields() {
  static const std::vector<std::string> names = {"From",
                                                 "Sender",
                                                 "Reply-To",
                                                 "To",
                                                 "Cc",
                                                 "Subject",
                                                 "Date",
                                                 "Message-ID",
                                                 "In-Reply-To",
                                                 "References",
                                                 "MIME-Version",
                                                 "Content-Type",
                                                 "Content-Transfer-Encoding",
                                                 "Resent-From",
                                                 "Resent-Sender",
                                                 "Resent-To",
                                                 "Resent-Cc",
                                                 "Resent-Date",
                                                 "Resent-Message-ID",
                                                 "List-Id",
                                                 "List-Help",
                                                 "List-Unsubscribe",
                                                 "List-Unsubscribe-Post",
                                                 "List-Subscribe",
                                                 "List-Post",
                                                 "List-Owner",
                                                 "List-Archive",
                                                 "Feedback-ID"};
  return names;
}

// What a reader sees or acts on, and what decides how the body is read: a second one put on top
// would be shown in place of the signed one. Not Sender and List-…, which mailing lists add.
const std::vector<std::string>& default_oversigned_fields() {
  static const std::vector<std::string> names = {
      "From", "Reply-To",   "To",           "Cc",           "Subject",
      "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"};
  return names;
}

Result<std::string> sign(std::span<const SigningIdentity> identities,
                         const message::HeaderSection& header, SystemTime now) {
  const FieldIndex index(header);
  if (index.count("From") != 1) {
    return fail(Errc::InvalidArgument, "the header section has not exactly one From field");
  }
  BodyHashes bodies(header.body());
  std::string fields;
  fields.reserve(1024 * identities.size());
  for (const SigningIdentity& identity : identities) {
    if (auto done = append_signature(identity, index, bodies, now, fields); !done) {
      return Failure(std::move(done).error());
    }
  }
  return fields;
}

}  // namespace signpost::dkim
