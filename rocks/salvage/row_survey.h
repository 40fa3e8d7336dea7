// The rows of a family in the order of their keys, past the places that cannot be read.
#pragma once

#include "rocks/rocks_database.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace signpost::rocks {

class RowSurvey {
 public:
  // A place that cannot be read lies after the first key and before the second ("": the start or
  // the end).
  using Gap = std::function<void(const std::string& after, const std::string& before,
                                 const rocksdb::Status& why)>;

  RowSurvey(const Database& database, Family family, Gap on_gap);

  bool valid() const { return rows_->Valid(); }
  std::string_view key() const { return view(rows_->key()); }
  std::string_view value() const { return view(rows_->value()); }
  void next();

 private:
  void settle();
  bool readable_from(const std::string& key);

  std::unique_ptr<rocksdb::Iterator> rows_;
  Gap on_gap_;
  std::string last_;  // the last key that was read
};

}  // namespace signpost::rocks
