#include "tlsrpt/kept_text.h"

#include "tlsrpt/aggregate.h"

#include <algorithm>
#include <cstddef>
#include <functional>

namespace signpost::tlsrpt {

namespace {

char kept_character(char c) {
  if (c == '"') return '\'';
  if (c == '\\') return '/';
  return c >= ' ' && c <= '~' ? c : '?';
}

std::vector<std::string> kept_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> out(std::min(texts.size(), kMostStrings));
  std::transform(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(out.size()),
                 out.begin(), kept_text);
  return out;
}

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b.substr(0, kMostText), std::equal_to<>(), std::identity(),
                            kept_character);
}

bool are_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a.size() == std::min(b.size(), kMostStrings) &&
         std::equal(a.begin(), a.end(), b.begin(), is_same);
}

}  // namespace

std::string kept_text(std::string_view text) {
  std::string out(text.substr(0, kMostText));
  std::ranges::transform(out, out.begin(), kept_character);
  return out;
}

AppliedPolicy kept(const AppliedPolicy& policy) {
  return {.type = policy.type,
          .strings = kept_texts(policy.strings),
          .domain = kept_text(policy.domain),
          .mx_hosts = kept_texts(policy.mx_hosts)};
}

Failure kept(const Failure& failure) {
  return {.type = failure.type,
          .sending_ip = kept_text(failure.sending_ip),
          .receiving_mx_hostname = kept_text(failure.receiving_mx_hostname),
          .receiving_ip = kept_text(failure.receiving_ip),
          .receiving_mx_helo = kept_text(failure.receiving_mx_helo),
          .reason_code = kept_text(failure.reason_code)};
}

bool is_kept_as(const AppliedPolicy& a, const AppliedPolicy& b) {
  return a.type == b.type && is_same(a.domain, b.domain) && are_same(a.strings, b.strings) &&
         are_same(a.mx_hosts, b.mx_hosts);
}

bool is_kept_as(const Failure& a, const Failure& b) {
  return a.type == b.type && is_same(a.receiving_mx_hostname, b.receiving_mx_hostname) &&
         is_same(a.receiving_ip, b.receiving_ip) && is_same(a.sending_ip, b.sending_ip) &&
         is_same(a.receiving_mx_helo, b.receiving_mx_helo) && is_same(a.reason_code, b.reason_code);
}

}  // namespace signpost::tlsrpt
