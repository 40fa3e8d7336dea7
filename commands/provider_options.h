// The commands of `signpost provider`: their options, and what they share.
#pragma once

#include "config/config.h"
#include "providers/providers.h"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace signpost::commands {

struct ProviderOptions {
  std::string name;
  std::string domain;
  std::string from;
  std::string reply;
  std::string command = "rcpt";  // that it answers
  bool json = false;
};

// Of the configuration as far as it can be read: a mistake elsewhere does not matter.
struct ProviderSettings {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const providers::Providers> providers;
};
// Nothing: the reasons are printed.
std::optional<ProviderSettings> load_provider_settings(const std::string& config_file);

// "edition 2026-11-30, built in"
std::string edition_text(const providers::Providers& providers);
// The limits that are there, as the keys of the file.
nlohmann::json json_of(const providers::Limits& limits);
// Code, status, text and class.
nlohmann::json json_of(const providers::ReplyPattern& pattern);
// What a pattern asks of its key, items of a list side by side; "" for anything.
template <typename Choice>
std::string choices_text(const std::vector<Choice>& choices) {
  std::string text;
  for (const Choice& choice : choices) text.append(text.empty() ? "" : ", ").append(choice.text);
  return text;
}

// Each gives the exit code.
int list_providers(const ProviderOptions& options, const std::string& config_file);
int show_provider(const ProviderOptions& options, const std::string& config_file);
int test_domain(const ProviderOptions& options, const std::string& config_file);

}  // namespace signpost::commands
