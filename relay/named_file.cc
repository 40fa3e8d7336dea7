#include "relay/named_file.h"

#include "config/text_file.h"

#include <utility>

namespace signpost::relay {

void add(ConfigErrors& errors, const config::Config& config, const NamedFile& file,
         const std::string& message) {
  errors.push_back(config::error_at(config, file.key, file.path + ": " + message, file.table));
}

std::optional<std::string> read(const config::Config& config, const NamedFile& file,
                                std::string_view otherwise, ConfigErrors& errors) {
  if (file.path.empty()) return {};  // the key itself is wrong
  auto text = config::read_text_file(file.path);
  if (text) return std::move(*text);
  std::string message = text.error().detail;
  if (text.error().code == Errc::NotFound) message.append("; ").append(otherwise);
  add(errors, config, file, message);
  return {};
}

void check_secret(const config::Config& config, const NamedFile& file, ConfigErrors& errors) {
  if (auto checked = config::check_private(file.path); !checked) {
    add(errors, config, file, checked.error().detail);
  }
}

std::optional<std::string> read_secret(const config::Config& config, const NamedFile& file,
                                       std::string_view otherwise, ConfigErrors& errors) {
  auto secret = config::read_secret_file(file.path);
  if (!secret) {
    std::string message = secret.error().detail;
    if (secret.error().code == Errc::NotFound) message.append("; ").append(otherwise);
    add(errors, config, file, message);
  }
  check_secret(config, file, errors);
  if (!secret) return {};
  return std::move(*secret);
}

}  // namespace signpost::relay
