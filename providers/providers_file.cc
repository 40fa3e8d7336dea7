#include "config/config_reader.h"
#include "config/config_values.h"
#include "config/value_forms.h"
#include "providers/providers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

namespace signpost::providers {

namespace {

using config::Setting;
using config::TomlPosition;
using config::TomlValue;
using Kind = TomlValue::Kind;

constexpr std::size_t kMostPatterns = 1000;  // of one list
constexpr std::size_t kMostChoices = 100;    // of one pattern
constexpr std::size_t kLongestName = 32;

// Tables of the file beside what was read from them.
struct ProviderTable {
  Provider provider;
  TomlPosition name_at;
  std::vector<TomlPosition> mx_at;
};

struct File {
  std::int64_t version = 0;
  std::string edition;
  std::vector<ReplyPattern> replies;
  std::vector<ProviderTable> providers;
};

void read_version(Setting& setting, File& file) {
  constexpr std::int64_t kVersion = 1;
  const std::int64_t* const version = setting.integer(0, 1'000'000);
  if (version == nullptr) return;
  file.version = *version;
  if (*version != kVersion) setting.wrong(fmt::format("{} is not a known format", *version));
}

bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  return text.size() == kForm.size() && std::ranges::equal(text, kForm, [](char c, char form) {
           return form == 'd' ? c >= '0' && c <= '9' : c == form;
         });
}

config::ValueResult<std::string> parse_edition(std::string_view text) {
  if (is_date(text)) return std::string(text);
  return std::unexpected(config::ValueError{config::shown(text) + " is not a date"});
}

config::ValueResult<std::string> parse_name(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return std::unexpected(config::ValueError{config::shown(text).append(" ").append(what)});
  };
  const auto may_be_in_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (text.empty() || text.size() > kLongestName || !std::ranges::all_of(text, may_be_in_name)) {
    return wrong("is not the name of a provider");
  }
  if (text == kOther || text == kUnknown) return wrong("is what metrics call all others");
  return std::string(text);
}

// The form of a key that has one string or a list of them.
template <typename Item>
void read_choices(Setting& setting, std::vector<Item>& items) {
  const auto read_one = [&](const TomlValue& value) {
    auto pattern = decltype(Item::pattern)::parse(value.string);
    if (pattern) {
      items.push_back({value.string, std::move(*pattern)});
    } else {
      setting.wrong(value, pattern.error());
    }
  };
  if (setting.value().kind == Kind::String) return read_one(setting.value());
  const auto* const values = setting.strings();
  if (values == nullptr) return;
  // [] would match every reply.
  if (values->empty()) return setting.wrong("the list is empty");
  if (values->size() > kMostChoices) return setting.wrong("the list has more than 100 items");
  for (const TomlValue& value : *values) read_one(value);
}

const config::Keys<ReplyPattern>& reply_keys() {
  static const config::Keys<ReplyPattern> keys{
      {{"code", "a code, as in \"421\" or \"4xx\", or a list of them", "", "Reply codes."},
       [](Setting& setting, ReplyPattern& reply) { read_choices(setting, reply.codes); }},
      {{"status", "an enhanced status, as in \"4.7.28\", \"5.7.606-649\" or \"5.7.*\", or a list",
        "", "Enhanced status codes."},
       [](Setting& setting, ReplyPattern& reply) { read_choices(setting, reply.statuses); }},
      {{"text", "words, as in \"mailbox*full\", or a list of such", "", "What the reply says."},
       [](Setting& setting, ReplyPattern& reply) { read_choices(setting, reply.texts); }},
      config::key("class", &ReplyPattern::reply_class,
                  config::one_of<ReplyClass>({{"address", ReplyClass::Address},
                                              {"mailbox", ReplyClass::Mailbox},
                                              {"policy", ReplyClass::Policy},
                                              {"rate", ReplyClass::Rate},
                                              {"content", ReplyClass::Content},
                                              {"tls", ReplyClass::Tls},
                                              {"network", ReplyClass::Network},
                                              {"other", ReplyClass::Other}}),
                  "What such a reply is about.")
          .required(),
      config::key("slow", &ReplyPattern::slow, config::boolean(),
                  "Whether it asks for less mail, whoever that is for.")};
  return keys;
}

// The tables of a list; null after a mistake.
const std::vector<TomlValue>* tables_of(Setting& setting) {
  const TomlValue& value = setting.value();
  if (value.is_table_list()) return &value.items;
  setting.wrong(fmt::format("found {}", config::describe(value.kind)));
  return nullptr;
}

void read_replies(Setting& setting, const std::string& name, const config::ReadContext& context,
                  std::vector<ReplyPattern>& replies) {
  const auto* const tables = tables_of(setting);
  if (tables == nullptr) return;
  if (tables->size() > kMostPatterns) return setting.wrong("there are more than 1000");
  for (const TomlValue& table : *tables) {
    ReplyPattern& reply = replies.emplace_back();
    reply.line = table.begin.line;
    config::read_table(table, name, reply_keys(), context, reply);
    const auto has = [&](std::string_view key) { return table.find(key) != nullptr; };
    if (has("code") || has("status") || has("text")) continue;
    context.errors.add(table.begin, name, "would match every reply; write code, status or text");
  }
}

void read_mx(Setting& setting, ProviderTable& table) {
  const auto* const items = setting.strings();
  if (items == nullptr) return;
  if (items->empty()) return setting.wrong("the list is empty");
  for (const TomlValue& item : *items) {
    // A wildcard that has one label would be a whole top-level domain.
    auto pattern = config::parse_tenant_domain(item.string);
    if (!pattern) {
      setting.wrong(item, pattern.error().what);
    } else if (std::ranges::count(*pattern, '.') < (pattern->starts_with("*.") ? 2 : 1)) {
      setting.wrong(item, config::shown(item.string) + " has too few labels");
    } else {
      table.provider.mx.push_back(std::move(*pattern));
      table.mx_at.push_back(item.begin);
    }
  }
}

// A key of Limits, which is a member of what is read.
template <typename Member, typename T>
config::Key<ProviderTable> limit(std::string name, std::optional<Member> Limits::* member,
                                 const config::Form<T>& form, std::string help) {
  return {{std::move(name), form.expect, "", std::move(help)},
          [=](Setting& setting, ProviderTable& table) {
            if (auto value = form.read(setting)) {
              table.provider.limits.*member = static_cast<Member>(*value);
            }
          }};
}

config::Keys<ProviderTable> provider_keys(const config::ReadContext& context) {
  using config::whole_number;
  const config::Form<std::string> name_form = config::parsed(
      "a name of at most 32 small letters, digits and \"-\", as in \"t-online\"", parse_name);
  config::Keys<ProviderTable> keys;
  keys.push_back({{"name", name_form.expect, "", "Its name in metrics and events."},
                  [=](Setting& setting, ProviderTable& table) {
                    table.name_at = setting.value().begin;
                    if (auto name = name_form.read(setting)) table.provider.name = *name;
                  }});
  keys.back().text.required = true;
  keys.push_back({{"mx", "names of MX hosts, as in [\"mx.example.net\", \"*.mx.example.net\"]", "",
                   "Its MX hosts."},
                  read_mx});
  keys.back().text.required = true;
  keys.push_back(limit("connections", &Limits::connections, whole_number(1, 10'000),
                       "Connections at one time."));
  keys.push_back(limit("messages_per_connection", &Limits::messages_per_connection,
                       whole_number(1, 100'000), "Messages of one connection."));
  keys.push_back(limit("recipients_per_transaction", &Limits::recipients_per_transaction,
                       whole_number(1, 50'000), "Recipients of one transaction."));
  keys.push_back(limit("rate", &Limits::rate, config::rate(), "Transactions in a time."));
  keys.push_back({{"reply", "[[provider.reply]] tables", "", "What its replies mean."},
                  [&context](Setting& setting, ProviderTable& table) {
                    read_replies(setting, "provider.reply", context, table.provider.replies);
                  }});
  return keys;
}

void read_providers(Setting& setting, const config::ReadContext& context, File& file) {
  const auto* const tables = tables_of(setting);
  if (tables == nullptr) return;
  if (tables->size() > kMostProviders) {
    return setting.wrong(fmt::format("there are more than {}", kMostProviders));
  }
  const config::Keys<ProviderTable> keys = provider_keys(context);
  for (const TomlValue& table : *tables) {
    config::read_table(table, "provider", keys, context, file.providers.emplace_back());
  }
}

config::Keys<File> file_keys(const config::ReadContext& context) {
  config::Keys<File> keys;
  keys.push_back({{"version", "1, the format that this program reads", "", "Format of the file."},
                  read_version});
  keys.back().text.required = true;
  keys.push_back(config::key("edition", &File::edition,
                             config::parsed("a date, as in \"2026-11-30\"", parse_edition),
                             "When its contents were last revised.")
                     .required());
  keys.push_back({{"reply", "[[reply]] tables", "", "What replies of every receiver mean."},
                  [&context](Setting& setting, File& file) {
                    read_replies(setting, "reply", context, file.replies);
                  }});
  keys.push_back(
      {{"provider", "[[provider]] tables", "", "Who runs which MX hosts."},
       [&context](Setting& setting, File& file) { read_providers(setting, context, file); }});
  return keys;
}

// A name or a pattern of hosts that two tables have.
void check_twice(const File& file, config::ConfigErrors& errors) {
  std::map<std::string_view, unsigned> names;
  std::map<std::string_view, unsigned> hosts;
  const auto check = [&](std::map<std::string_view, unsigned>& seen, const std::string& text,
                         TomlPosition at, std::string_view key) {
    const auto [first, fresh] = seen.emplace(text, at.line);
    if (fresh) return;
    errors.add(at, std::string(key),
               fmt::format("{} is in line {} already; remove it from one of them",
                           config::shown(text), first->second));
  };
  for (const ProviderTable& table : file.providers) {
    if (!table.provider.name.empty()) {
      check(names, table.provider.name, table.name_at, "provider.name");
    }
    for (std::size_t i = 0; i < table.provider.mx.size(); ++i) {
      check(hosts, table.provider.mx[i], table.mx_at[i], "provider.mx");
    }
  }
}

}  // namespace

std::shared_ptr<const Providers> Providers::parse(std::string_view toml, const std::string& name,
                                                  std::vector<config::ConfigError>& errors) {
  config::ConfigErrors found(name);
  File file;
  if (const auto root = config::parse_toml(toml)) {
    const config::ReadContext context{found, ""};
    config::read_table(*root, "", file_keys(context), context, file);
    check_twice(file, found);
  } else {
    found.add(root.error().position, "", root.error().message);
  }
  if (!found.empty()) {
    std::ranges::move(found.take(), std::back_inserter(errors));
    return nullptr;
  }
  auto providers = std::make_shared<Providers>();
  providers->edition_ = std::move(file.edition);
  providers->file_ = name;
  providers->common_ = std::move(file.replies);
  for (ProviderTable& table : file.providers) {
    providers->all_.push_back(std::move(table.provider));
  }
  std::ranges::sort(providers->all_, {}, &Provider::name);
  for (std::size_t i = 0; i < providers->all_.size(); ++i) {
    for (const std::string& pattern : providers->all_[i].mx) {
      // "*.example.net" as ".example.net".
      providers->by_host_.emplace(pattern.substr(pattern.starts_with('*') ? 1 : 0), i);
    }
  }
  return providers;
}

}  // namespace signpost::providers
