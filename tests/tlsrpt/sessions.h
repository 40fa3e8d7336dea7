// Sessions as delivery reports them, for the tests of this folder.
#pragma once

#include "tlsrpt/result.h"

#include <string>
#include <utility>

namespace signpost::tlsrpt::test {

inline AppliedPolicy sts_policy(const std::string& domain = "receiver.example") {
  return {.type = PolicyType::Sts,
          .strings = {"version: STSv1", "mode: enforce", "mx: *.mail.example", "max_age: 86400"},
          .domain = domain,
          .mx_hosts = {"*.mail.example"}};
}

inline AppliedPolicy tlsa_policy(const std::string& host = "mx.receiver.example") {
  return {.type = PolicyType::Tlsa, .strings = {"3 1 1 0B9F"}, .domain = host, .mx_hosts = {}};
}

inline Session good(AppliedPolicy policy = sts_policy()) {
  return {.recipient_domain = "receiver.example", .policy = std::move(policy), .failure = {}};
}

inline Session bad(ResultType type, const std::string& code = "",
                   AppliedPolicy policy = sts_policy()) {
  Session session = good(std::move(policy));
  session.failure = Failure{.type = type,
                            .sending_ip = "192.0.2.1",
                            .receiving_mx_hostname = "mx1.mail.example",
                            .receiving_ip = "203.0.113.5",
                            .receiving_mx_helo = "mx1.mail.example",
                            .reason_code = code};
  return session;
}

}  // namespace signpost::tlsrpt::test
