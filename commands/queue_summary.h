// What a part of the queue consists of: the relay counts it page by page, here the pages are added
// up.
#pragma once

#include "base/result.h"
#include "commands/admin_client.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace signpost::commands {

class QueueSummary {
 public:
  // Shows its progress on a terminal.
  static Result<QueueSummary> read(AdminClient& client, const AdminClient::Parameters& filter);

  std::size_t jobs() const { return all_.jobs; }
  std::size_t recipients() const { return all_.recipients; }
  // The ID of the last message that was counted: later ones are not part of it.
  const std::string& last() const { return last_; }

  std::string text(std::size_t groups_of_each, std::size_t width) const;  // groups: 0 is all
  nlohmann::json json(std::size_t groups_of_each) const;

 private:
  struct Count {
    std::size_t jobs = 0;
    std::size_t recipients = 0;
    std::string example;
  };
  // Of one kind. A queue may have more domains than memory should hold.
  struct Groups {
    std::map<std::string, Count> named;
    Count others;
  };
  struct Kind {
    const char* key;      // in the relay's answer
    const char* title;    // of the table
    const char* unnamed;  // in place of ""
  };
  static const std::array<Kind, 5> kKinds;
  struct Ordered {
    std::string_view name;
    const Count* count;
  };

  void add(const nlohmann::json& page);
  static void add(const nlohmann::json& page, const char* key, Groups& groups);
  static std::string table(const Kind& kind, const Groups& groups, std::size_t limit,
                           std::size_t width);
  // By jobs, at most `limit` of them; the rest is counted in `others`.
  static std::vector<Ordered> largest(const Groups& groups, std::size_t limit, Count& others);

  Count all_;
  std::array<Groups, 5> groups_;
  std::string first_;
  std::string last_;
};

}  // namespace signpost::commands
