// What a recipient's address and the shares of the command line decide.
#pragma once

#include "base/mutex.h"
#include "bench/sink/options.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signpost::bench {

// A scripted local part: "tempfail2-bob" is {TempFail, 2}.
enum class Misdeed { None, TempFail, Bounce, DataFail, DataBounce, DropDot, Tarpit };
struct ScriptedRecipient {
  Misdeed misdeed = Misdeed::None;
  unsigned number = 0;  // 0: none was given
};
ScriptedRecipient scripted(std::string_view address);

// How often each address has been tried: shared by the threads.
class Attempts {
 public:
  // Counts a try of `address`; true while it is among the first `limit` (0: always).
  bool among_first(std::string_view address, unsigned limit);

 private:
  static constexpr std::size_t kMaxAddresses = 1'000'000;
  Mutex mutex_;
  std::unordered_map<std::string, unsigned> tries_ GUARDED_BY(mutex_);
};

// The worst that the recipients and the shares ask for.
struct DataFate {
  int code = 250;
  std::string_view status = "2.0.0";
  bool drop = false;
  std::chrono::milliseconds delay{0};
};

// Belongs to one thread.
class Script {
 public:
  Script(const SinkOptions& options, Attempts& attempts, std::uint64_t seed)
      : options_(options), attempts_(attempts), random_(seed) {}

  struct RecipientFate {
    int code = 250;
    std::string_view status = "2.1.5";
  };
  RecipientFate recipient(std::string_view address);
  // Adds what `address` asks for at the end of the data.
  void data(std::string_view address, DataFate& fate);
  // Adds what the shares ask for.
  void data(DataFate& fate);
  bool drop_in_data() { return chance(options_.drop_in_data); }

 private:
  bool chance(double part);

  const SinkOptions& options_;
  Attempts& attempts_;
  std::mt19937_64 random_;
};

}  // namespace signpost::bench
