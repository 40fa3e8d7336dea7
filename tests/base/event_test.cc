#include "base/event.h"

#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace signpost::log {
namespace {

enum class Side { Left, Right };
constexpr std::array<std::string_view, 2> texts_of(Side) { return {"left", "right"}; }

struct Everything {
  std::string_view text{};
  std::uint64_t number = 0;
  std::int32_t negative = 0;
  bool flag = false;
  Side side = Side::Left;
  SystemTime when{};
  std::optional<std::uint32_t> maybe{};
  std::optional<SystemTime> later{};
  std::optional<Side> maybe_side{};
  int secret = 42;  // without a row
  static constexpr auto kEvent = describe(
      "everything", Level::Warning, "All kinds of members.",
      field("text", &Everything::text, "Text."), field("number", &Everything::number, "A number."),
      field("negative", &Everything::negative, "Another."),
      field("flag", &Everything::flag, "A flag."), field("side", &Everything::side, "A side."),
      field("when", &Everything::when, "A time."),
      field("maybe", &Everything::maybe, "Perhaps a number."),
      field("later", &Everything::later, "Perhaps a time."),
      field("maybe_side", &Everything::maybe_side, "Perhaps a side."));
};

struct Base {
  std::string_view id{};
  static constexpr auto kRows = fields(field("id", &Base::id, "Shared."));
};
struct Derived : Base {
  bool extra = false;
  static constexpr auto kEvent = describe("derived", Level::Info, "Has a base.", kRows,
                                          field("extra", &Derived::extra, "Its own."));
};

struct Quiet {
  static constexpr auto kEvent = describe("quiet", Level::Debug, "Has no members.");
};

// Collects what is written to the log while it lives.
class LogPipe {
 public:
  explicit LogPipe(Format format, Level level = Level::Info) {
    EXPECT_EQ(::pipe(ends_), 0);
    Options options;
    options.level = level;
    options.format = format;
    options.fd = ends_[1];
    start(options);
  }
  ~LogPipe() {
    ::close(ends_[0]);
    start({});
    stop();
  }

  std::string take() {
    stop();
    ::close(ends_[1]);
    std::string text(4096, '\0');
    const ssize_t size = ::read(ends_[0], text.data(), text.size());
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

 private:
  int ends_[2] = {-1, -1};
};

// The line without the time, which is the only thing that varies.
std::string without_time(const std::string& line) {
  const std::size_t from = line.find("20");
  const std::size_t to = line.find('Z', from);
  return line.substr(0, from) + "T" + line.substr(to + 1);
}

TEST(Event, WritesItsMembersInTheOrderOfItsTable) {
  LogPipe log(Format::Json);
  emit(Everything{.text = "a b",
                  .number = 7,
                  .negative = -3,
                  .flag = true,
                  .side = Side::Right,
                  .when = SystemTime(std::chrono::seconds(60)),
                  .maybe = 0,
                  .later = SystemTime(std::chrono::seconds(3600)),
                  .maybe_side = Side::Left});
  EXPECT_EQ(without_time(log.take()),
            R"({"time":"T","level":"warning","event":"everything","text":"a b","number":7,)"
            R"("negative":-3,"flag":true,"side":"right","when":"1970-01-01T00:01:00Z","maybe":0,)"
            R"("later":"1970-01-01T01:00:00Z","maybe_side":"left"})"
            "\n");
}

TEST(Event, LeavesOutEmptyTextAndWhatIsAbsent) {
  LogPipe log(Format::Text);
  emit(Everything{});
  EXPECT_EQ(without_time(log.take()),
            "T warning everything number=0 negative=0 flag=false side=left "
            "when=1970-01-01T00:00:00Z\n");
}

TEST(Event, WritesTheMembersOfItsBaseFirst) {
  LogPipe log(Format::Text);
  emit(Derived{{.id = "x"}, true});
  EXPECT_EQ(without_time(log.take()), "T info derived id=x extra=true\n");
}

TEST(Event, IsNotWrittenBelowTheLevelInForce) {
  LogPipe log(Format::Text);
  EXPECT_FALSE(wanted<Quiet>());
  emit(Quiet{});
  EXPECT_EQ(log.take(), "");
}

TEST(Event, MayHaveNoMembers) {
  LogPipe log(Format::Text, Level::Debug);
  EXPECT_TRUE(wanted<Quiet>());
  emit(Quiet{});
  EXPECT_EQ(without_time(log.take()), "T debug quiet\n");
}

TEST(Event, DescribesItself) {
  const EventDescription event = description_of<Everything>();
  EXPECT_EQ(event.name, "everything");
  EXPECT_EQ(event.level, Level::Warning);
  EXPECT_EQ(event.meaning, "All kinds of members.");
  std::vector<FieldType> types;
  std::string always;
  for (const FieldDescription& field : event.fields) {
    types.push_back(field.type);
    if (field.always) always += std::string(field.name) + ' ';
  }
  using enum FieldType;
  EXPECT_EQ(types, (std::vector{Text, Integer, Integer, Boolean, Text, Time, Integer, Time, Text}));
  EXPECT_EQ(always, "number negative flag side when ");
  EXPECT_EQ(event.fields[4].values.size(), 2u);
  EXPECT_EQ(event.fields[4].values[1], "right");
  EXPECT_EQ(event.fields[8].values.size(), 2u);
  EXPECT_EQ(event.fields[0].meaning, "Text.");
}

TEST(Event, DescribesTheMembersOfItsBaseToo) {
  const EventDescription event = description_of<Derived>();
  ASSERT_EQ(event.fields.size(), 2u);
  EXPECT_EQ(event.fields[0].name, "id");
  EXPECT_EQ(event.fields[1].name, "extra");
}

}  // namespace
}  // namespace signpost::log
