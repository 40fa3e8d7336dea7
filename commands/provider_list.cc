#include "base/enum_texts.h"
#include "commands/command_line.h"
#include "commands/provider_options.h"
#include "commands/relay_answer.h"
#include "commands/table.h"
#include "commands/terminal.h"
#include "config/config_file.h"
#include "config/config_values.h"
#include "relay/settings.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace signpost::commands {

namespace {

using Json = nlohmann::json;

template <typename Choice>
Json json_of_choices(const std::vector<Choice>& choices) {
  Json list = Json::array();
  for (const Choice& choice : choices) list.push_back(choice.text);
  return list;
}

Json file_of(const providers::Providers& providers) {
  return providers.file().empty() ? Json() : Json(providers.file());
}

Json json_of(const providers::Provider& provider) {
  Json json{{"name", provider.name}, {"mx", provider.mx}};
  json.update(commands::json_of(provider.limits));
  return json;
}

std::string number_text(const std::optional<std::size_t>& number) {
  return number ? std::to_string(*number) : "-";
}

std::string rate_of(const providers::Limits& limits) {
  return limits.rate ? config::rate_text(*limits.rate) : "-";
}

void print_limits(const providers::Provider& provider) {
  const auto line = [](const char* title, const std::string& value) {
    print(fmt::format("  {:<27}{}\n", title, value));
  };
  line("mx", fmt::format("{}", fmt::join(provider.mx, ", ")));
  line("connections", number_text(provider.limits.connections));
  line("messages_per_connection", number_text(provider.limits.messages_per_connection));
  line("recipients_per_transaction", number_text(provider.limits.recipients_per_transaction));
  line("rate", rate_of(provider.limits));
}

void print_patterns(const std::vector<providers::ReplyPattern>& patterns) {
  Table table({{"LINE", Table::Align::Right},
               {"CLASS"},
               {"CODE"},
               {"STATUS"},
               {"TEXT", Table::Align::Left, Table::Fit::Cut}},
              output_width());
  for (const providers::ReplyPattern& pattern : patterns) {
    table.add({std::to_string(pattern.line), std::string(signpost::text_of(pattern.reply_class)),
               choices_text(pattern.codes), choices_text(pattern.statuses),
               choices_text(pattern.texts)});
  }
  print(table.take());
}

void print_json(const Json& json) { print(json_text(json, 2) + "\n"); }

}  // namespace

std::optional<ProviderSettings> load_provider_settings(const std::string& config_file) {
  const config::LoadedConfig loaded = config::load_config_partly(config_file);
  if (!loaded.config) {
    for (const config::ConfigError& error : loaded.errors) refuse(error.text());
    return {};
  }
  std::vector<config::ConfigError> errors;
  auto providers = relay::load_providers(*loaded.config, errors);
  for (const config::ConfigError& error : errors) refuse(error.text());
  if (!providers) return {};
  return ProviderSettings{loaded.config, std::move(providers)};
}

std::string edition_text(const providers::Providers& providers) {
  return fmt::format("edition {}, {}", providers.edition(),
                     providers.file().empty() ? "built in" : providers.file());
}

Json json_of(const providers::Limits& limits) {
  Json json = Json::object();
  if (limits.connections) json["connections"] = *limits.connections;
  if (limits.messages_per_connection) {
    json["messages_per_connection"] = *limits.messages_per_connection;
  }
  if (limits.recipients_per_transaction) {
    json["recipients_per_transaction"] = *limits.recipients_per_transaction;
  }
  if (limits.rate) json["rate"] = config::rate_text(*limits.rate);
  return json;
}

Json json_of(const providers::ReplyPattern& pattern) {
  return {{"line", pattern.line},
          {"class", signpost::text_of(pattern.reply_class)},
          {"code", json_of_choices(pattern.codes)},
          {"status", json_of_choices(pattern.statuses)},
          {"text", json_of_choices(pattern.texts)}};
}

int list_providers(const ProviderOptions& options, const std::string& config_file) {
  const auto settings = load_provider_settings(config_file);
  if (!settings) return kRefused;
  const providers::Providers& providers = *settings->providers;
  if (options.json) {
    Json list = Json::array();
    for (const providers::Provider& provider : providers.all()) list.push_back(json_of(provider));
    print_json({{"edition", providers.edition()},
                {"file", file_of(providers)},
                {"providers", std::move(list)}});
    return kDone;
  }
  using enum Table::Align;
  Table table({{"NAME"},
               {"CONNECTIONS", Right},
               {"MESSAGES", Right},
               {"RECIPIENTS", Right},
               {"RATE", Right, Table::Fit::Spare},
               {"MX", Left, Table::Fit::Cut}},
              output_width());
  for (const providers::Provider& provider : providers.all()) {
    table.add({provider.name, number_text(provider.limits.connections),
               number_text(provider.limits.messages_per_connection),
               number_text(provider.limits.recipients_per_transaction), rate_of(provider.limits),
               fmt::format("{}", fmt::join(provider.mx, " "))});
  }
  print("Providers, " + edition_text(providers) + "\n");
  print(table.empty() ? "None: every receiver has the limits of the configuration.\n"
                      : table.take());
  return kDone;
}

int show_provider(const ProviderOptions& options, const std::string& config_file) {
  const auto settings = load_provider_settings(config_file);
  if (!settings) return kRefused;
  const providers::Providers& providers = *settings->providers;
  const providers::Provider* const provider = providers.named(options.name);
  if (provider == nullptr) {
    return refuse(fmt::format("no provider {} in {}; signpost provider list shows their names",
                              options.name, edition_text(providers)));
  }
  if (options.json) {
    Json json = json_of(*provider);
    const auto json_of_list = [](const std::vector<providers::ReplyPattern>& patterns) {
      Json list = Json::array();
      for (const providers::ReplyPattern& pattern : patterns) list.push_back(json_of(pattern));
      return list;
    };
    json["edition"] = providers.edition();
    json["file"] = file_of(providers);
    json["replies"] = json_of_list(provider->replies);
    json["common_replies"] = json_of_list(providers.common_replies());
    print_json(json);
    return kDone;
  }
  print(fmt::format("Provider {}, {}\n", provider->name, edition_text(providers)));
  print_limits(*provider);
  if (!provider->replies.empty()) {
    print("\nIts own replies, the first that fits:\n");
    print_patterns(provider->replies);
  }
  if (!providers.common_replies().empty()) {
    print("\nThen those of every receiver:\n");
    print_patterns(providers.common_replies());
  }
  return kDone;
}

}  // namespace signpost::commands
