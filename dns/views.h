// Answers in the shape that callers need. Pure.
#pragma once

#include "dns/answer.h"
#include "dns/mx.h"

#include <chrono>
#include <string>
#include <vector>

namespace signpost::dns {

struct AddressAnswer {
  Status status = Status::Temporary;
  std::vector<net::IpAddress> addresses;  // IPv6 first, each family in the order of its answer
  std::string detail;                     // for the log: "SERVFAIL", "timed out", …
  bool authenticated = false;             // each family with addresses is; without any, both are
  std::chrono::seconds ttl{0};            // of both families, the smaller one
  // The name at the end of the CNAMEs that lead to them, which are authenticated if they are; "" if
  // there are none.
  std::string canonical{};
};

struct TextAnswer {
  Status status = Status::Temporary;
  std::vector<std::string> texts;  // each record's strings joined; at most kMaxTexts
  std::string detail;
  bool authenticated = false;
  std::chrono::seconds ttl{0};
};

// The target of a name's own CNAME record.
struct AliasAnswer {
  Status status = Status::Temporary;
  std::string target;
  std::string detail;
  bool authenticated = false;
};

struct TlsaAnswer {
  Status status = Status::Temporary;
  std::vector<net::TlsaRecord> records;  // as they are published; at most kMaxTlsas
  std::string detail;
  bool authenticated = false;
};

// `domain` is what the MX question asked for: without MX records the domain is its own exchanger.
MxAnswer mx_answer(const std::string& domain, const Answer& answer);

// Ok as soon as one family has addresses, whatever happened to the other.
AddressAnswer address_answer(const Answer& v6, const Answer& v4);

TextAnswer text_answer(const Answer& answer);
AliasAnswer alias_answer(const Answer& answer);
TlsaAnswer tlsa_answer(const Answer& answer);

}  // namespace signpost::dns
