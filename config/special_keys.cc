#include "config/special_keys.h"

#include "config/config_values.h"
#include "config/memory_limit.h"
#include "config/value_forms.h"

#include <fmt/format.h>

namespace signpost::config {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view kUnixPrefix = "unix:";

// `text`: the path as it was written.
bool is_socket_name(Setting& setting, std::string_view text, const std::string& path) {
  // Longer names do not fit beside a descriptor of their folder: net/unix_socket.h.
  constexpr std::size_t kLongest = 64;
  const std::size_t name = path.size() - path.rfind('/') - 1;
  if (name > 0 && name <= kLongest) return true;
  setting.wrong(
      fmt::format("the name of {} has {} octets, not 1 to {}", shown(text), name, kLongest));
  return false;
}

}  // namespace

Key<Config> user_key() {
  const auto read = [](Setting& setting, Config& config) {
    if (const std::string* name = setting.string()) config.user = *name;
  };
  return {{"user", "the name of an account, or \"\" to stay root", toml_string(kDefaultUser),
           "Account that signpost serve switches to when root starts it, before it reads keys or "
           "listens; it may still use ports below 1024. If there is no such account, root cannot "
           "start it."},
          read};
}

Key<ListenerConfig> listener_bind_key() {
  const auto read = [](Setting& setting, ListenerConfig& listener) {
    const std::string* text = setting.string();
    if (text == nullptr) return;
    listener.name = *text;
    if (text->starts_with(kUnixPrefix)) {
      auto path = parse_socket_path(std::string_view(*text).substr(kUnixPrefix.size()));
      if (!path) return refuse(setting, setting.value(), path.error());
      if (!is_socket_name(setting, *text, *path)) return;
      listener.socket = std::move(*path);
      // The kernel protects it and says who is there.
      listener.mode = ListenerMode::Plain;
      listener.auth = AuthMode::Off;
    } else if (const auto address = parse_bind(*text)) {
      listener.bind = *address;
    } else {
      refuse(setting, setting.value(), address.error());
    }
  };
  return Key<ListenerConfig>{
      {"bind",
       "an IP address with a port, as in \"0.0.0.0:587\" or \"[::]:587\", or \"unix:/path\"", "",
       "Address and port to listen on, or a unix socket for programs of this machine, whose "
       "accounts stand in for logins."},
      read}
      .required();
}

Key<LimitsConfig> memory_key() {
  const auto read = [](Setting& setting, LimitsConfig& limits) {
    constexpr std::uint64_t kLeast = 16 << 20;
    const std::string* text = setting.string();
    if (text == nullptr) return;
    std::uint64_t octets = 0;
    if (const auto share = parse_share(*text)) {
      octets = static_cast<std::uint64_t>(static_cast<double>(memory_limit()) * *share);
    } else if (const auto size = parse_size(*text)) {
      octets = *size;
    } else {
      setting.wrong(shown(*text) + " is neither a percentage nor a size");
      return;
    }
    if (octets < kLeast) {
      setting.wrong(shown(*text) + " is too little");
    } else {
      limits.memory = octets;
    }
  };
  return {{"memory", "a percentage or a size of at least 16 MiB, as in \"50%\" or \"2GiB\"",
           toml_string(share_text(LimitsConfig{}.memory_share)),
           "Memory for messages in transit, as a percentage of the machine's, the process's or the "
           "control "
           "group's; beyond it 452."},
          read};
}

Key<LimitsConfig> disk_free_key() {
  const auto read = [](Setting& setting, LimitsConfig& limits) {
    const std::string* text = setting.string();
    if (text == nullptr) return;
    const auto share = parse_share(*text);
    const auto size = parse_size(*text);
    if (share && *share < 1) {
      limits.disk_free_share = *share;
      limits.disk_free_bytes = 0;
    } else if (size) {
      limits.disk_free_share = 0;
      limits.disk_free_bytes = *size;
    } else {
      setting.wrong(shown(*text) + " is neither a percentage nor a size");
    }
  };
  return {{"disk_free", "a percentage below 100% or a size, as in \"5%\" or \"10GiB\"",
           toml_string(share_text(LimitsConfig{}.disk_free_share)),
           "Free space to keep in data_dir's file system; below it 452, while delivery goes on."},
          read};
}

Key<DkimConfig> expire_key() {
  const auto read = [](Setting& setting, DkimConfig& dkim) {
    const auto expire = setting.duration(setting.value(), 0s, 365 * 24h);
    if (!expire) return;
    dkim.expire.reset();
    if (*expire == 0s) return;
    // A signature must outlive the time that mail may spend in the receiver's queue.
    if (*expire < 1h) {
      setting.wrong(shown(setting.value().string) + " is too short");
      return;
    }
    dkim.expire = std::chrono::duration_cast<std::chrono::seconds>(*expire);
  };
  return {
      {"expire", "\"0s\" for never, or a duration from \"1h\" to \"365d\"",
       toml_string(duration_text(0s)), "Time after which the signature is no longer valid (x=)."},
      read};
}

Key<OauthConfig> jwks_key() {
  const auto read = [](Setting& setting, OauthConfig& oauth) {
    const std::string* text = setting.string();
    if (text == nullptr) return;
    if (text->starts_with("https://") || text->starts_with("http://")) {
      auto url = parse_keys_url(*text);
      if (!url) return refuse(setting, setting.value(), url.error());
      oauth.jwks = std::move(*url);
    } else if (text->contains("://")) {
      setting.wrong(shown(*text) + " is not a URL of HTTP");
    } else if (auto file = setting.path()) {
      oauth.jwks = std::move(*file);
    }
  };
  return {{"jwks", "an https:// URL, or the path of a file", "",
           "The issuer's public keys, a JSON Web Key Set (RFC 7517). A URL is fetched every 15 "
           "minutes, and when a token names a key that is not among them; http:// is for loopback "
           "addresses. A file is read at the start and at each reload."},
          read};
}

Key<SourceConfig> warm_up_key() {
  const auto read = [](Setting& setting, SourceConfig& source) {
    const std::string* text = setting.string();
    if (text == nullptr) return;
    source.warm_up = parse_day(*text);
    if (!source.warm_up) setting.wrong(shown(*text) + " is not a day");
  };
  return {
      {"warm_up", "a day, as in \"2026-12-01\"", "",
       "Day of its first mail, for an address that receivers do not know yet. From then on they "
       "get little from it and more each day; the other sources of the pool send the rest, and "
       "what none may send waits for the next day. Before that day it sends nothing while there "
       "are others. Default: it is known."},
      read};
}

Key<Config> trust_ad_key() {
  const auto read = [](Setting& setting, Config& config) {
    const TomlValue& value = setting.value();
    if (value.kind == TomlValue::Kind::Boolean) {
      config.trust_ad = value.boolean ? TrustAd::Always : TrustAd::Never;
    } else if (const std::string* word = setting.string(); word != nullptr && *word == "auto") {
      config.trust_ad = TrustAd::Auto;
    } else if (word != nullptr) {
      setting.wrong("unknown value " + shown(*word));
    }
  };
  return {{"trust_ad", "\"auto\", true or false", toml_string("auto"),
           "Whether it counts when a name server says that it has validated an answer by DNSSEC "
           "(its AD bit): \"auto\" is on loopback addresses only, since on the way from another "
           "machine anyone can say so."},
          read};
}

Key<Config> admin_bind_key() {
  const auto read = [](Setting& setting, Config& config) {
    const std::string* text = setting.string();
    if (text == nullptr) return;
    config.admin_bind.reset();
    if (text->empty()) return;
    if (const auto address = parse_bind(*text)) {
      config.admin_bind = *address;
    } else {
      refuse(setting, setting.value(), address.error());
    }
  };
  return {{"bind", "an IP address with a port, as in \"127.0.0.1:8025\", or \"\" for none",
           toml_string(Config{}.admin_bind->text()),
           "Address of health, metrics and, with the token, the administration API, over HTTP."},
          read};
}

Key<Config> admin_socket_key() {
  const auto read = [](Setting& setting, Config& config) {
    const std::string* text = setting.string();
    if (text == nullptr || text->empty()) return;
    const auto path = setting.path();
    if (path && is_socket_name(setting, *text, *path)) config.admin_socket = *path;
  };
  return {
      {"socket", "the path of a socket, as in \"/run/signpost/admin.sock\", or \"\" for none", "",
       "Unix socket that signpost queue and signpost reload use: root, the account of the relay "
       "and the members of its group may connect, if they can reach the file. "
       "Default: admin.sock in data_dir."},
      read};
}

}  // namespace signpost::config
