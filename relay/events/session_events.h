// What happens on connections, those of clients and those to receivers.
#pragma once

#include "base/event.h"
#include "relay/events/fields.h"
#include "relay/labels.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace signpost::relay::events {

struct Authenticated {
  std::string_view session{};
  std::string_view user{};
  std::string_view address{};
  std::string_view proxy{};
  std::string_view mechanism{};
  static constexpr auto kEvent =
      log::describe("authenticated", log::Level::Debug, "A client logged in.",
                    log::field(field::kSession, &Authenticated::session),
                    log::field(field::kUser, &Authenticated::user),
                    log::field(field::kAddress, &Authenticated::address),
                    log::field(field::kProxy, &Authenticated::proxy),
                    log::field("mechanism", &Authenticated::mechanism, "SASL mechanism."));
};

struct AuthFailed {
  std::string_view session{};
  std::string_view user{};
  std::string_view address{};
  std::string_view proxy{};
  std::string_view mechanism{};
  AuthResult result = AuthResult::Rejected;
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "auth_failed", log::Level::Warning, "A client could not log in.",
      log::field(field::kSession, &AuthFailed::session),
      log::field("user", &AuthFailed::user, "The login it claimed."),
      log::field(field::kAddress, &AuthFailed::address),
      log::field(field::kProxy, &AuthFailed::proxy),
      log::field("mechanism", &AuthFailed::mechanism, "SASL mechanism."),
      log::field("result", &AuthFailed::result,
                 "`rejected`: wrong login or password, token or certificate; `locked`: too many "
                 "failures before; `unavailable`: too many checks at once, or nobody to ask."),
      log::field("detail", &AuthFailed::detail,
                 "What is wrong with a token or a certificate, or why nobody could be asked."));
};

struct AuthLocked {
  std::string_view user{};
  std::string_view address{};
  std::int64_t seconds = 0;
  static constexpr auto kEvent = log::describe(
      "auth_locked", log::Level::Warning,
      "Too many failures: for a while no password is checked for this login, or from this "
      "client.",
      log::field("user", &AuthLocked::user, "The login that is locked."),
      log::field("address", &AuthLocked::address, "The client that is locked."),
      log::field("seconds", &AuthLocked::seconds, "For how long."));
};

struct ClientProxied {
  std::string_view session{};
  std::string_view address{};
  std::string_view name{};
  std::string_view proxy{};
  std::string_view tls{};
  std::string_view cipher{};
  std::string_view certificate{};
  std::optional<bool> verified{};
  static constexpr auto kEvent = log::describe(
      "client_proxied", log::Level::Debug,
      "A load balancer said in a PROXY header, or a front end in XCLIENT, for whom a connection "
      "is.",
      log::field(field::kSession, &ClientProxied::session),
      log::field(
          "address", &ClientProxied::address,
          "Address and port of the client; absent when the connection is the balancer's own, "
          "a health check, or the front end does not know it."),
      log::field("name", &ClientProxied::name, "Name of the client in the DNS, of XCLIENT."),
      log::field(field::kProxy, &ClientProxied::proxy),
      log::field("tls", &ClientProxied::tls,
                 "Version of TLS between client and balancer; absent: in clear."),
      log::field("cipher", &ClientProxied::cipher, "Cipher suite there."),
      log::field("certificate", &ClientProxied::certificate,
                 "Common name of the certificate that the client showed to the balancer."),
      log::field("verified", &ClientProxied::verified,
                 "Whether the balancer could verify that certificate; absent without one."));
};

struct ProxyHeaderRefused {
  std::string_view session{};
  std::string_view proxy{};
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "proxy_header_refused", log::Level::Warning,
      "A connection from an address of listener.proxy_protocol_from was closed, because it did not "
      "begin with a PROXY header.",
      log::field(field::kSession, &ProxyHeaderRefused::session),
      log::field(field::kProxy, &ProxyHeaderRefused::proxy),
      log::field(field::kDetail, &ProxyHeaderRefused::detail));
};

struct TlsEstablished {
  std::string_view session{};
  TlsDirection direction = TlsDirection::In;
  std::string_view mx{};
  std::string_view address{};
  std::string_view version{};
  std::string_view cipher{};
  TlsTrust trust = TlsTrust::None;
  bool by_policy = false;  // MTA-STS demands the trust; counted, not logged
  bool resumed = false;
  std::string_view detail{};
  static constexpr auto kEvent = log::describe(
      "tls_established", log::Level::Debug, "A TLS handshake succeeded.",
      log::field(field::kSession, &TlsEstablished::session),
      log::field(field::kDirection, &TlsEstablished::direction),
      log::field(field::kMx, &TlsEstablished::mx),
      log::field(field::kAddress, &TlsEstablished::address),
      log::field("version", &TlsEstablished::version, "Version of TLS."),
      log::field("cipher", &TlsEstablished::cipher, "Cipher suite."),
      log::field("trust", &TlsEstablished::trust, "What vouches for the peer's certificate."),
      log::field("resumed", &TlsEstablished::resumed,
                 "An earlier session with the receiver was continued."),
      log::field("detail", &TlsEstablished::detail,
                 "Why a client's certificate is not verified (listener.client_ca)."));
};

struct TlsFailed {
  std::string_view session{};
  TlsDirection direction = TlsDirection::In;
  std::string_view mx{};
  std::string_view address{};
  std::string_view detail{};
  std::string_view then{};
  static constexpr auto kEvent = log::describe(
      "tls_failed", log::Level::Warning, "A TLS handshake failed.",
      log::field(field::kSession, &TlsFailed::session),
      log::field(field::kDirection, &TlsFailed::direction), log::field(field::kMx, &TlsFailed::mx),
      log::field(field::kAddress, &TlsFailed::address),
      log::field(field::kDetail, &TlsFailed::detail), log::field(field::kThen, &TlsFailed::then));
};

struct TlsRefused {
  std::string_view session{};
  std::string_view mx{};
  std::string_view address{};
  std::string_view reply{};
  std::string_view then{};
  static constexpr auto kEvent = log::describe(
      "tls_refused", log::Level::Warning, "A receiver offered STARTTLS and then refused it.",
      log::field(field::kSession, &TlsRefused::session), log::field(field::kMx, &TlsRefused::mx),
      log::field(field::kAddress, &TlsRefused::address),
      log::field(field::kReply, &TlsRefused::reply), log::field(field::kThen, &TlsRefused::then));
};

struct IdleTimeout {
  std::string_view session{};
  std::string_view address{};
  static constexpr auto kEvent =
      log::describe("idle_timeout", log::Level::Info,
                    "A client was silent for too long and was disconnected with 421.",
                    log::field(field::kSession, &IdleTimeout::session),
                    log::field(field::kAddress, &IdleTimeout::address));
};

struct LinesLeftOut {
  std::uint64_t lines = 0;
  static constexpr auto kEvent = log::describe(
      "lines_left_out", log::Level::Warning,
      "Clients caused more refusals and failed handshakes than are worth a line each. The metrics "
      "count them all.",
      log::field("lines", &LinesLeftOut::lines,
                 "How many had no line, since the last such event."));
};

struct SessionLost {
  std::string_view session{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("session_lost", log::Level::Debug, "A client's connection ended without QUIT.",
                    log::field(field::kSession, &SessionLost::session),
                    log::field(field::kDetail, &SessionLost::detail));
};

struct SessionClosed {
  std::string_view session{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("session_closed", log::Level::Debug, "A client's session ended normally.",
                    log::field(field::kSession, &SessionClosed::session),
                    log::field(field::kDetail, &SessionClosed::detail));
};

struct ConnectionFailed {
  std::string_view session{};
  std::string_view mx{};
  std::string_view address{};
  std::string_view reply{};
  std::string_view provider = providers::kOther;  // counted, not logged
  ConnectionFailure kind = ConnectionFailure::Unreachable;
  static constexpr auto kEvent = log::describe(
      "connection_failed", log::Level::Info,
      "A host of a receiver could not be used. The next one is tried, if there is one. Of a "
      "receiver "
      "that is known to be away (`site_down`) at level debug only.",
      log::field(field::kSession, &ConnectionFailed::session),
      log::field(field::kMx, &ConnectionFailed::mx),
      log::field(field::kAddress, &ConnectionFailed::address),
      log::field("reply", &ConnectionFailed::reply,
                 "What the host said, or the relay's own words when there was no reply."),
      log::field("kind", &ConnectionFailed::kind, "What failed."));
};

struct SiteDown {
  std::string_view site{};
  std::string_view domain{};
  std::string_view mx{};
  std::string_view address{};
  std::string_view reply{};
  std::uint64_t jobs = 0;
  static constexpr auto kEvent = log::describe(
      "site_down", log::Level::Info,
      "A receiver cannot be reached, and all of its mail waits. Attempts continue; until `site_up` "
      "they are logged (`connection_failed`, `deferred`) at level debug only.",
      log::field(field::kSite, &SiteDown::site),
      log::field("domain", &SiteDown::domain, "A recipient domain whose mail goes there."),
      log::field(field::kMx, &SiteDown::mx), log::field(field::kAddress, &SiteDown::address),
      log::field("reply", &SiteDown::reply,
                 "What the host said, or the relay's own words when there was no reply."),
      log::field("jobs", &SiteDown::jobs,
                 "Jobs that wait for it, in at most 256 of its lanes, and some 100,000 at most."));
};

struct SiteUp {
  std::string_view site{};
  std::int64_t seconds = 0;
  std::uint64_t attempts = 0;
  std::uint64_t jobs = 0;
  static constexpr auto kEvent = log::describe(
      "site_up", log::Level::Info, "A receiver that could not be reached takes connections again.",
      log::field(field::kSite, &SiteUp::site),
      log::field("seconds", &SiteUp::seconds, "Since the first failed connection."),
      log::field("attempts", &SiteUp::attempts, "Failed connections."),
      log::field("jobs", &SiteUp::jobs,
                 "Jobs that have waited for it, counted as in `site_down`."));
};

struct SiteSlowed {
  std::string_view session{};
  std::string_view site{};
  std::string_view mx{};
  std::string_view reply{};
  std::uint64_t share = 0;
  std::uint64_t connections = 0;
  static constexpr auto kEvent = log::describe(
      "site_slowed", log::Level::Warning,
      "A receiver asks for less mail. It is sent half as much as before; a minute without such a "
      "reply gives an eighth of the usual back.",
      log::field(field::kSession, &SiteSlowed::session),
      log::field("site", &SiteSlowed::site,
                 "The provider, the `mx:` table, or the site that is sent less."),
      log::field(field::kMx, &SiteSlowed::mx), log::field(field::kReply, &SiteSlowed::reply),
      log::field("share", &SiteSlowed::share,
                 "What it is sent from now on, in percent of the usual."),
      log::field("connections", &SiteSlowed::connections, "How many it may have at one time."));
};

struct SitePaused {
  std::string_view site{};
  std::optional<SystemTime> until{};
  std::string_view reason{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "site_paused", log::Level::Info,
      "Mail for a receiver waits, and no connection to it is opened.",
      log::field("site", &SitePaused::site, "The provider, the `mx:` table, or the site."),
      log::field("until", &SitePaused::until, "When it ends; absent: when it is resumed."),
      log::field("reason", &SitePaused::reason, "As the operator has given it."),
      log::field(field::kBy, &SitePaused::by));
};

struct SiteResumed {
  std::string_view site{};
  std::string_view by{};
  static constexpr auto kEvent = log::describe(
      "site_resumed", log::Level::Info, "Mail for a receiver that was paused goes again.",
      log::field("site", &SiteResumed::site, "As in `site_paused`."),
      log::field("by", &SiteResumed::by, "Who asked for it; absent: the time was over."));
};

struct NoHost {
  std::string_view session{};
  std::string_view next_hop{};
  std::string_view reply{};
  static constexpr auto kEvent = log::describe(
      "no_host", log::Level::Info, "The DNS gives no host to deliver to.",
      log::field(field::kSession, &NoHost::session),
      log::field("next_hop", &NoHost::next_hop, "The domain or route that was looked up."),
      log::field("reply", &NoHost::reply, "The answer, in the relay's own words."));
};

struct ConnectionClosed {
  std::string_view session{};
  std::string_view mx{};
  std::string_view detail{};
  static constexpr auto kEvent =
      log::describe("connection_closed", log::Level::Debug, "A connection to a receiver ended.",
                    log::field(field::kSession, &ConnectionClosed::session),
                    log::field(field::kMx, &ConnectionClosed::mx),
                    log::field(field::kDetail, &ConnectionClosed::detail));
};

}  // namespace signpost::relay::events
