#include "config/config_file.h"

#include <fmt/format.h>

#include "config/config_keys.h"
#include "config/config_rules.h"
#include "config/host_name.h"
#include "config/text_file.h"
#include <filesystem>

namespace signpost::config {

namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto result = std::filesystem::absolute(path, error);
  return error ? path : result.lexically_normal().string();
}

// Reads one file: tables into structs, then what depends on several of them.
class ConfigFile {
 public:
  ConfigFile(const TomlValue& root, const std::string& path) : root_(root), errors_(path) {
    config_.file = absolute(path);
    directory_ = std::filesystem::path(config_.file).parent_path().string();
    set_defaults();
  }

  LoadedConfig read();

 private:
  void set_defaults();
  void read_member(const TomlMember& member);
  void read_section(const TomlMember& member);
  void complete();

  template <typename Section>
  void table(const TomlMember& member, const Keys<Section>& keys, Section& into) {
    if (is_table(member)) {
      read_table(member.value, member.key, keys, directory_, errors_, into);
    }
  }
  template <typename Section>
  void list(const TomlMember& member, const Keys<Section>& keys, std::vector<Section>& into) {
    if (!is_list(member)) return;
    for (const TomlValue& item : member.value.items) {
      read_table(item, member.key, keys, directory_, errors_, into.emplace_back());
    }
  }
  bool is_table(const TomlMember& member);
  bool is_list(const TomlMember& member);

  const TomlValue& root_;
  ConfigErrors errors_;
  std::string directory_;
  Config config_;
};

void ConfigFile::set_defaults() {
  using namespace std::chrono_literals;
  config_.retry.schedule = {1min, 5min, 10min, 20min, 30min, 1h, 2h, 4h};
  config_.admin_bind = net::SocketAddress::parse("127.0.0.1:8025");
}

bool ConfigFile::is_table(const TomlMember& member) {
  if (member.value.kind == TomlValue::Kind::Table) return true;
  errors_.add(member.begin, member.key,
              member.value.is_table_list()
                  ? fmt::format("there can be only one; write [{}] once", member.key)
                  : fmt::format("{} stands here; write a table [{}]", describe(member.value.kind),
                                member.key));
  return false;
}

bool ConfigFile::is_list(const TomlMember& member) {
  if (member.value.is_table_list()) return true;
  // "listener = []" is a way to write none.
  if (member.value.kind == TomlValue::Kind::Array && member.value.items.empty()) return false;
  errors_.add(member.begin, member.key,
              fmt::format("{} stands here; write [[{}]], once for each",
                          describe(member.value.kind), member.key));
  return false;
}

void ConfigFile::read_section(const TomlMember& member) {
  const std::string& name = member.key;
  if (name == "listener") list(member, listener_keys(), config_.listeners);
  if (name == "tls") table(member, tls_keys(), config_.tls.emplace());
  if (name == "auth") table(member, auth_keys(), config_);
  if (name == "limits") table(member, limits_keys(), config_.limits);
  if (name == "dkim") list(member, dkim_keys(), config_.dkim);
  if (name == "signing") table(member, signing_keys(), config_);
  if (name == "dns") table(member, dns_keys(), config_);
  if (name == "delivery") table(member, delivery_keys(), config_.delivery);
  if (name == "retry") table(member, retry_keys(), config_.retry);
  if (name == "destination") list(member, destination_keys(), config_.destinations);
  if (name == "route") list(member, route_keys(), config_.routes);
  if (name == "admin") table(member, admin_keys(), config_);
  if (name == "log") table(member, log_keys(), config_);
}

// The defaults that take work to find out.
void ConfigFile::complete() {
  if (config_.hostname.empty() && root_.find("hostname") == nullptr) {
    if (auto name = system_host_name()) {
      config_.hostname = std::move(*name);
    } else {
      errors_.add({1, 1}, "hostname", name.error().detail);
    }
  }
  if (config_.postmaster.empty() && !config_.hostname.empty()) {
    config_.postmaster = "postmaster@" + config_.hostname;
  }
  if (config_.limits.memory == 0) {
    const auto written_out = parse_toml("memory = \"50%\"");
    read_table(*written_out, "limits", limits_keys(), directory_, errors_, config_.limits);
  }
}

LoadedConfig ConfigFile::read() {
  TomlValue general;  // what stands before the first table
  std::vector<std::string> sections;
  for (const SectionText& section : configuration_reference()) sections.push_back(section.name);
  for (const TomlMember& member : root_.members) {
    if (std::ranges::find(sections, member.key) != sections.end()) {
      read_section(member);
    } else if (member.value.kind == TomlValue::Kind::Table || member.value.is_table_list()) {
      unknown_key(errors_, member, "", sections);
    } else {
      general.members.push_back(member);
    }
  }
  read_table(general, "", general_keys(), directory_, errors_, config_);
  complete();
  check_config(root_, config_, errors_);
  return {std::make_shared<const Config>(std::move(config_)), errors_.take()};
}

LoadedConfig parse_partly(std::string_view toml, const std::string& path) {
  const auto root = parse_toml(toml);
  if (!root) {
    const TomlError& error = root.error();
    return {nullptr, {{path, error.position.line, error.position.column, "", error.message}}};
  }
  return ConfigFile(*root, path).read();
}

LoadedConfig complete_or_nothing(LoadedConfig loaded) {
  if (!loaded.errors.empty()) loaded.config.reset();
  return loaded;
}

}  // namespace

LoadedConfig load_config_partly(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return {nullptr, {{path, 0, 0, "", text.error().detail}}};
  return parse_partly(*text, path);
}

LoadedConfig load_config(const std::string& path) {
  return complete_or_nothing(load_config_partly(path));
}

LoadedConfig parse_config(std::string_view toml, const std::string& path) {
  return complete_or_nothing(parse_partly(toml, path));
}

}  // namespace signpost::config
