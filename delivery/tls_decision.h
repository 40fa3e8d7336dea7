// Which TLS a host must offer before it gets mail, and whether it did. All such policy is here, as
// pure functions: a target of the host walk has the requirement, the session enforces it.
//
//   policy          first connection          after a failed TLS start   accepts
//   off             no TLS                     -                          anything
//   opportunistic   TLS if offered, else       no TLS, then the next      any certificate
//                   the same address in clear  host
//   encrypt         TLS, else the next host    -                          any certificate
//   verify          TLS, else the next host    -                          a trusted one for this
//                                                                         host
//
// What the DNS demands of the host (dane.h) raises every policy but "off": TLS, with a certificate
// that fits the TLSA records if any of them is usable, and never in clear. Such a proof satisfies
// "verify", which then asks for no other.
//
// TLS start is everything from STARTTLS to a positive reply to EHLO under TLS: a refusal, silence,
// octets in clear, the handshake, an alert after it, a server that closes or has no EHLO for us.
#pragma once

#include "config/config.h"
#include "delivery/dane.h"
#include "net/tls.h"
#include "relay/labels.h"
#include "smtp/client_dialog.h"
#include "smtp/reply.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace signpost::delivery {

// What DNS proves about a host, and demands of it.
struct DnsSecurity {
  // That mail for the domain goes to this host; also true when the configuration names the host.
  bool mx_authenticated = false;
  bool addresses_authenticated = false;
  Dane dane{};
};

// AfterFailedStart: the same address again, because TlsRequirement::on_failure was Clear.
enum class TlsTry : std::uint8_t { First, AfterFailedStart };

struct TlsRequirement {
  enum class OnFailure : std::uint8_t {
    Clear,     // the same address in clear
    NextHost,  // another host of the domain may do better
    Defer,     // no host of the domain qualifies: the mail waits
  };

  smtp::TlsUse starttls = smtp::TlsUse::IfOffered;
  net::TlsExpectation expected;                // for the handshake
  net::TlsTrust trust = net::TlsTrust::None;   // the least that a finished handshake must reach
  OnFailure on_failure = OnFailure::NextHost;  // when the TLS start fails
  relay::TlsWanted wanted = relay::TlsWanted::Off;

  // When the TLS start fails since the host has nothing newer (RFC 7435).
  bool may_use_old_versions() const {
    return trust < net::TlsTrust::Pkix && starttls != smtp::TlsUse::Off && expected.tlsa.empty();
  }
};

// `host`: the MX host or the route's host, as SNI and certificates name it; where TLSA records
// prove it, SNI is the name that has them, and DANE-TA takes either name (RFC 7672 section 3.2.2).
TlsRequirement decide_tls(config::TlsPolicy policy, const std::string& host,
                          const DnsSecurity& security, TlsTry attempt);

// The recipient domain's MTA-STS policy, which names the host, is to be enforced (RFC 8461 section
// 5): changes what demands less. DANE ranks before it (section 2), and so does an operator's "off".
void enforce_policy(TlsRequirement& requirement);

// Why a host gets no mail on this connection: the words of a disposition.
struct TlsRefusal {
  smtp::EnhancedStatus status;
  std::string text;
  friend bool operator==(const TlsRefusal&, const TlsRefusal&) = default;
};

// Whether mail may be sent over what the handshake agreed on.
[[nodiscard]] std::expected<void, TlsRefusal> judge_handshake(const TlsRequirement& requirement,
                                                              const net::TlsFacts& facts);

// For a handshake that did not finish. `detail`: what went wrong.
TlsRefusal handshake_failed(const TlsRequirement& requirement, std::string_view detail);

}  // namespace signpost::delivery
