#include "config/config_file.h"

#include "config/broken_file.h"
#include "config/text_file.h"
#include "tests/config/config_text.h"
#include "tests/support/temporary_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace signpost::config {
namespace {

class ConfigFile : public testing::Test {
 protected:
  std::string path_of(const std::string& name) const { return folder_.path() + "/" + name; }

  const test::TemporaryDirectory folder_;  // tests run at the same time
};

TEST_F(ConfigFile, MissingFileIsOneError) {
  const LoadedConfig loaded = load_config("/nowhere/signpost.toml");
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].text(),
            "/nowhere/signpost.toml: cannot be read: No such file or directory");
}

// Opening it would wait for a writer, and a reload or a stop with it.
TEST_F(ConfigFile, APipeOrAFolderIsNotRead) {
  const std::string path = path_of("signpost-pipe.toml");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_text_file(path).error().detail, "cannot be read: a pipe, not a regular file");
  EXPECT_EQ(load_config(path).errors.at(0).text(),
            path + ": cannot be read: a pipe, not a regular file");
  EXPECT_EQ(read_text_file(folder_.path()).error().detail,
            "cannot be read: a folder, not a regular file");
  EXPECT_EQ(read_text_file("/dev/zero").error().detail,
            "cannot be read: a device, not a regular file");
}

TEST_F(ConfigFile, AMistakeInAFileIsNamedWhereThatIsNamed) {
  const auto config = config_of(kGood +
                                "[tls]\ncertificate = \"same.pem\"\nkey = \"same.pem\"\n"
                                "[[dkim]]\ndomain = \"a.example\"\nselector = \"s\"\n"
                                "key = \"k.pem\"\n"
                                "[[dkim]]\ndomain = \"b.example\"\nselector = \"s\"\n"
                                "key = \"k.pem\"\n");
  const auto place = [&](std::string_view key, std::size_t table = 0) {
    const ConfigError error = error_at(*config, key, "wrong", table);
    EXPECT_EQ(error.key, key);
    return std::pair(error.line, error.column);
  };
  EXPECT_EQ(place("tls.certificate"), std::pair(8U, 15U));
  EXPECT_EQ(place("tls.key"), std::pair(9U, 7U)) << "the path is the same, the key is not";
  EXPECT_EQ(place("dkim.key"), std::pair(13U, 7U));
  EXPECT_EQ(place("dkim.key", 1), std::pair(17U, 7U));
  EXPECT_EQ(place("postmaster"), std::pair(0U, 0U)) << "not written";
  EXPECT_EQ(error_at(*config, "tls.key", "wrong").text(), config->file + ":9:7: tls.key: wrong");
}

// Mistakes of a file that is no TOML are reported in the format that it seems to ask for.
TEST_F(ConfigFile, TheLogFormatIsFoundInABrokenFile) {
  const std::string path = path_of("broken.toml");
  const auto format = [&](const std::string& toml) {
    std::ofstream(path) << toml;
    return log_format_of_broken(path);
  };
  EXPECT_EQ(format("hostname = x\n[log]\nlevel = \"info\"\nformat = \"json\"\n"),
            log::Format::Json);
  EXPECT_EQ(format("x y\r\n [log] # here\r\n\tformat='json'\r\n"), log::Format::Json);
  EXPECT_EQ(format("log.format = \"json\"\nx y\n"), log::Format::Json);
  EXPECT_EQ(format("[log]\nformat = json\n"), log::Format::Json) << "that line is the mistake";
  EXPECT_EQ(format("[log]\nformat = \"text\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[other]\nformat = \"json\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[log]\n# format = \"json\"\nx y\n"), log::Format::Text);
  EXPECT_EQ(format("[log]\nformat ="), log::Format::Text);
  EXPECT_EQ(format(""), log::Format::Text);
  std::remove(path.c_str());
  EXPECT_EQ(log_format_of_broken(path), log::Format::Text) << "no such file";
}

// A reload that fails because of the file has to reach the relay all the same.
TEST_F(ConfigFile, TheAdminSocketIsFoundInABrokenFile) {
  const std::string path = path_of("broken.toml");
  const auto socket = [&](const std::string& toml) {
    std::ofstream(path) << toml;
    return admin_socket_of_broken(path);
  };
  EXPECT_EQ(socket("x y\n"), "/var/lib/signpost/admin.sock");
  EXPECT_EQ(socket("data_dir = \"/srv/the queue\" # here\nx y\n"), "/srv/the queue/admin.sock");
  EXPECT_EQ(socket("[log]\ndata_dir = \"/srv/queue\"\nx y\n"), "/var/lib/signpost/admin.sock");
  EXPECT_EQ(socket("data_dir = \"data\"\nx y\n"), path_of("data/admin.sock"));
  EXPECT_EQ(socket("x y\n [admin]\r\n socket = '/run/a.sock'\r\n"), "/run/a.sock");
  EXPECT_EQ(socket("x y\nadmin.socket = \"/run/a.sock\"\n"), "/run/a.sock");
  EXPECT_EQ(socket("x y\n[admin]\nsocket = \"/run/a.sock\n"), "/run/a.sock") << "not closed";
  EXPECT_EQ(socket("x y\n[admin]\nsocket = \"\"\n"), "") << "there is none";
  std::remove(path.c_str());
  EXPECT_EQ(admin_socket_of_broken(path), "") << "no such file";
}

TEST_F(ConfigFile, AMissingKeyKeepsTheOthersInTheirTables) {
  const std::string path = path_of("places.toml");
  std::ofstream(path) << kGood
                      << "[[dkim]]\ndomain = \"a.example\"\nselector = \"s\"\n"
                         "[[dkim]]\ndomain = \"b.example\"\nselector = \"s\"\nkey = \"k.pem\"\n";
  const LoadedConfig loaded = load_config_partly(path);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(error_at(*loaded.config, "dkim.key", "", 0).line, 7U) << "of its table";
  EXPECT_EQ(error_at(*loaded.config, "dkim.key", "", 1).line, 13U);
}

TEST_F(ConfigFile, PartlyReadConfigKeepsWhatIsRight) {
  const std::string path = path_of("partly.toml");
  std::ofstream(path) << kGood << "[admin]\nbind = \"127.0.0.1:9\"\n[log]\nlevel = 1\n";
  const LoadedConfig loaded = load_config_partly(path);
  EXPECT_EQ(loaded.errors.size(), 1u);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->admin_bind->text(), "127.0.0.1:9");
}

TEST(DomainMatches, PatternsOfDomains) {
  EXPECT_TRUE(domain_matches("example.net", "example.net"));
  EXPECT_FALSE(domain_matches("example.net", "a.example.net"));
  EXPECT_TRUE(domain_matches("*.example.net", "a.example.net"));
  EXPECT_TRUE(domain_matches("*.example.net", "b.a.example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", "example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", ".example.net"));
  EXPECT_FALSE(domain_matches("*.example.net", "badexample.net"));
  EXPECT_TRUE(domain_matches("*", "example.net"));
  EXPECT_FALSE(domain_matches("", "example.net"));
}

// --- the example ---------------------------------------------------------------------------------

TEST(ConfigurationReference, ExampleFileIsGood) {
  const LoadedConfig loaded = load_config(SIGNPOST_SOURCE_DIR "/etc/signpost.toml");
  for (const ConfigError& error : loaded.errors) ADD_FAILURE() << error.text();
  EXPECT_TRUE(loaded.config);
}

// Each commented key of the example is a key, with a value that is accepted.
TEST(ConfigurationReference, ExampleFileIsGoodWithItsCommentsTakenAway) {
  std::ifstream in(SIGNPOST_SOURCE_DIR "/etc/signpost.toml");
  std::string text;
  for (std::string line; std::getline(in, line);) {
    text += (line.starts_with("#") && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  }
  EXPECT_EQ(errors_of(text), std::vector<std::string>());
}

}  // namespace
}  // namespace signpost::config
