#include "commands/command_line.h"
#include "commands/setup_files.h"
#include "config/config_file.h"
#include "config/config_values.h"
#include "config/text_file.h"
#include "dkim/key.h"
#include "dkim/key_record.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <system_error>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

struct DkimOptions {
  std::string domain;
  std::string selector;
  std::string algorithm = "rsa";
  unsigned bits = 2048;
  std::string out;
  std::string key;
  bool json = false;
};

void print_record(const DkimOptions& options, const dkim::PrivateKey& key) {
  if (!options.json) {
    print(dkim::zone_file_line(options.domain, options.selector, key) + "\n");
    return;
  }
  const Json json{{"name", dkim::record_name(options.domain, options.selector)},
                  {"type", "TXT"},
                  {"text", dkim::record_text(key)},
                  {"algorithm", dkim::algorithm_text(key.algorithm())},
                  {"bits", key.bits()}};
  print(json.dump(2) + "\n");
}

// Domain and selector in the form in which they are published.
Result<void> normalize(DkimOptions& options) {
  auto domain = config::parse_domain(options.domain);
  if (!domain) return fail(Errc::InvalidArgument, "--domain: " + domain.error().what);
  auto selector = config::parse_selector(options.selector);
  if (!selector) return fail(Errc::InvalidArgument, "--selector: " + selector.error().what);
  options.domain = std::move(*domain);
  options.selector = std::move(*selector);
  return {};
}

std::string exists_text(const DkimOptions& options) {
  return fmt::format(
      "{0} exists already and is left as it is; name another file with --out, or print that key's "
      "record: signpost dkim record --key {0} --domain {1} --selector {2}",
      options.out, options.domain, options.selector);
}

// Made by root, it is for the account that root's relay becomes, if the configuration can be read.
Result<void> create_key_file(const std::string& path, const std::string& pem,
                             const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  if (loaded.config) {
    if (const auto files =
            SetupFiles::for_account(loaded.config->user.value_or(config::kDefaultUser))) {
      return files->create(path, pem);
    }
  }
  if (auto created = config::create_private_file(path, pem); !created) {
    return fail(created.error().code, fmt::format("{}: {}", path, created.error().detail));
  }
  return {};
}

int generate(DkimOptions& options, const std::string& config_file) {
  if (const auto normal = normalize(options); !normal) return refuse(normal.error().detail);
  const auto algorithm =
      options.algorithm == "rsa" ? dkim::Algorithm::RsaSha256 : dkim::Algorithm::Ed25519Sha256;
  const auto key = dkim::PrivateKey::generate(algorithm, options.bits);
  if (!key) return refuse(key.error().detail);
  if (const auto created = create_key_file(options.out, (*key)->to_pem(), config_file); !created) {
    std::error_code error;
    return refuse(std::filesystem::exists(options.out, error) ? exists_text(options)
                                                              : created.error().detail);
  }
  if (algorithm == dkim::Algorithm::Ed25519Sha256) {
    warn("many receivers cannot verify Ed25519: sign with an RSA key beside it");
  }
  print_record(options, **key);
  return kDone;
}

int show_record(DkimOptions& options) {
  if (const auto normal = normalize(options); !normal) return refuse(normal.error().detail);
  const auto pem = config::read_text_file(options.key);
  if (!pem) return refuse(fmt::format("{}: {}", options.key, pem.error().detail));
  const auto key = dkim::PrivateKey::from_pem(*pem);
  if (!key) return refuse(fmt::format("{}: {}", options.key, key.error().detail));
  print_record(options, **key);
  return kDone;
}

void add_names(CLI::App& command, DkimOptions& options) {
  command.add_option("--domain", options.domain, "Signing domain (d=)")
      ->type_name("DOMAIN")
      ->required();
  command.add_option("--selector", options.selector, "Selector (s=)")
      ->type_name("SELECTOR")
      ->required();
  command.add_flag("--json", options.json, "Print the record as JSON");
}

void add_keygen(CLI::App& dkim, CommandLine& line) {
  CLI::App* command =
      dkim.add_subcommand("keygen", "Make a private key and print the record that publishes it");
  auto options = std::make_shared<DkimOptions>();
  add_names(*command, *options);
  command->add_option("--algorithm", options->algorithm, "Kind of key")
      ->type_name("ALGORITHM")
      ->check(CLI::IsMember({"rsa", "ed25519"}))
      ->capture_default_str();
  command->add_option("--bits", options->bits, "Size of an RSA key, 1024 to 8192")
      ->type_name("NUMBER")
      ->check(CLI::Range(1024, 8192))
      ->capture_default_str();
  command->add_option("--out", options->out, "File for the private key; must not exist")
      ->type_name("FILE")
      ->required();
  command->footer(
      "The key's file is private; one that root makes can also be read by the account that the "
      "configuration names (user). Put the printed line into the domain's zone before the key is "
      "used.\n"
      "Example: signpost dkim keygen --domain shop.example --selector s1 --out s1.pem");
  command->callback([&line, options] {
    line.run = [&line, options] { return generate(*options, line.config_file); };
  });
}

void add_record(CLI::App& dkim, CommandLine& line) {
  CLI::App* command = dkim.add_subcommand("record", "Print the record that publishes a key");
  auto options = std::make_shared<DkimOptions>();
  add_names(*command, *options);
  command->add_option("--key", options->key, "File with the private key")
      ->type_name("FILE")
      ->required();
  command->footer("Example: signpost dkim record --key s1.pem --domain shop.example --selector s1");
  command->callback([&line, options] { line.run = [options] { return show_record(*options); }; });
}

}  // namespace

void add_dkim_commands(CLI::App& app, CommandLine& line) {
  CLI::App* dkim = app.add_subcommand("dkim", "Make DKIM keys and show their DNS records");
  dkim->require_subcommand(1);
  add_keygen(*dkim, line);
  add_record(*dkim, line);
}

}  // namespace signpost::commands
