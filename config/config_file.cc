#include "config/config_file.h"

#include "config/config_doubts.h"
#include "config/config_keys.h"
#include "config/config_rules.h"
#include "config/host_name.h"
#include "config/memory_limit.h"
#include "config/text_file.h"
#include "smtp/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace signpost::config {

namespace {

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto result = std::filesystem::absolute(path, error);
  return error ? path : result.lexically_normal().string();
}

std::string folder_of(const std::string& file) {
  return std::filesystem::path(file).parent_path().string();
}

// Is the section's name a table, or tables, in the file, as it should be?
bool has_right_kind(const Section& section, const TomlMember& member, ConfigErrors& errors) {
  const bool is_list = member.value.is_table_list();
  if (section.list ? is_list : member.value.kind == TomlValue::Kind::Table) return true;
  // "listener = []" means none.
  if (section.list && member.value.kind == TomlValue::Kind::Array && member.value.items.empty()) {
    return false;
  }
  errors.add(member.begin, section.name,
             fmt::format("expected {} {}, found {}", section.list ? "tables" : "one table",
                         section.header(),
                         is_list ? "[[" + section.name + "]]" : describe(member.value.kind)));
  return false;
}

// A table, with those tables in it that are sections of their own, as [auth.oauth] is, read apart.
void read_with_inner(const Section& section, TomlValue table, const ReadContext& context,
                     Config& config) {
  const std::string prefix = section.name + ".";
  for (const Section& inner : sections()) {
    if (section.list || !inner.name.starts_with(prefix)) continue;
    const auto member =
        std::ranges::find(table.members, inner.name.substr(prefix.size()), &TomlMember::key);
    if (member == table.members.end()) continue;
    if (has_right_kind(inner, *member, context.errors)) inner.read(member->value, context, config);
    table.members.erase(member);
  }
  section.read(table, context, config);
}

void read_sections(const TomlValue& root, const ReadContext& context, Config& config) {
  std::vector<std::string> names;
  for (const Section& section : sections()) {
    if (!section.name.empty()) names.push_back(section.name);
  }
  TomlValue general;  // the keys before the first table
  for (const TomlMember& member : root.members) {
    const auto section = std::ranges::find(sections(), member.key, &Section::name);
    // "" is a name that TOML allows, and not that of the keys before the first table.
    if (section != sections().end() && !member.key.empty()) {
      if (has_right_kind(*section, member, context.errors)) {
        read_with_inner(*section, member.value, context, config);
      }
    } else if (member.value.kind == TomlValue::Kind::Table || member.value.is_table_list()) {
      unknown_key(context, member, "", names, "tables");
    } else {
      general.members.push_back(member);
    }
  }
  sections().front().read(general, context, config);
}

// The defaults that must be computed.
void complete(const TomlValue& root, ConfigErrors& errors, Config& config) {
  if (config.hostname.empty() && root.find("hostname") == nullptr) {
    if (auto name = system_host_name()) {
      config.hostname = std::move(*name);
    } else {
      errors.add({1, 1}, "hostname", name.error().detail);
    }
  }
  if (config.postmaster.empty() && !config.hostname.empty()) {
    config.postmaster = "postmaster@" + config.hostname;
  }
  TlsrptConfig& tlsrpt = config.tlsrpt;
  if (tlsrpt.organization.empty()) tlsrpt.organization = smtp::domain_of(tlsrpt.from);
  if (tlsrpt.contact.empty()) tlsrpt.contact = tlsrpt.from;
  const TomlValue* admin = root.find("admin");
  if (admin == nullptr || admin->find("socket") == nullptr) {
    config.admin_socket = config.data_dir + "/admin.sock";
  }
  if (config.limits.memory == 0) {
    config.limits.memory =
        static_cast<std::size_t>(static_cast<double>(memory_limit()) * config.limits.memory_share);
  }
}

LoadedConfig parse_partly(std::string_view toml, const std::string& path) {
  const auto root = parse_toml(toml);
  if (!root) {
    const TomlError& error = root.error();
    return {nullptr, {{path, error.position.line, error.position.column, "", error.message}}};
  }
  Config config;
  config.file = absolute(path);
  ConfigErrors errors(path);
  read_sections(*root, {errors, folder_of(config.file), sections_with, &config.places}, config);
  complete(*root, errors, config);
  check_config(*root, config, errors);
  config.doubts = doubts_about(*root, config, path);
  return {std::make_shared<const Config>(std::move(config)), errors.take()};
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
