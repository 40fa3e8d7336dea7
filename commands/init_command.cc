#include "auth/scram_keys.h"
#include "auth/users.h"
#include "commands/command_line.h"
#include "commands/not_empty.h"
#include "commands/password_prompt.h"
#include "commands/setup.h"
#include "commands/setup_files.h"
#include "config/config.h"
#include "config/config_values.h"
#include "config/text_file.h"
#include "dkim/key.h"
#include "dkim/key_record.h"
#include "net/certificate.h"
#include "net/public_key_hash.h"
#include "net/server_certificate.h"
#include "net/tls.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace signpost::commands {

namespace {

namespace fs = std::filesystem;

constexpr const char* kServiceFolder = "/etc/signpost";
constexpr const char* kDefaultSelector = "s1";
constexpr unsigned kKeyBits = 2048;

struct InitOptions {
  std::string folder;
  Setup setup;
  std::vector<std::string> listen;      // as given
  std::vector<std::string> listen_tls;  // as given
  bool generate_password = false;
  bool replace = false;
  bool yes = false;
};

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::string this_host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "";
  const std::string text = name.data();
  return config::parse_full_host_name(text) ? text : "";
}

// Asks for what no option has given, and checks whatever has been given.
class Questions {
 public:
  explicit Questions(bool at_terminal) : at_terminal_(at_terminal) {}

  // `normal` makes the value canonical, or says what is wrong with it.
  template <typename Parse>
  void settle(std::string& value, const char* option, const std::string& question,
              const std::string& otherwise, Parse parse) {
    if (value.empty() && !at_terminal_) value = otherwise;
    while (value.empty() && ask(value, question, otherwise)) {
      if (const auto parsed = parse(value); !parsed) {
        std::fprintf(stderr, "%s\n", parsed.error().what.c_str());
        value.clear();
      }
    }
    if (value.empty()) {
      problems_.push_back(fmt::format("{} is missing", option));
    } else if (auto parsed = parse(value); !parsed) {
      problems_.push_back(fmt::format("{}: {}", option, parsed.error().what));
    } else {
      value = std::move(*parsed);
    }
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  // False when there are no more answers.
  bool ask(std::string& value, const std::string& question, const std::string& otherwise) {
    const auto answer = answer_to(
        otherwise.empty() ? question + ": " : fmt::format("{} [{}]: ", question, otherwise));
    if (answer) value = answer->empty() ? otherwise : *answer;
    return answer.has_value();
  }

  bool at_terminal_;
  std::vector<std::string> problems_;
};

config::ValueResult<std::string> any_file(const std::string& path) {
  std::error_code error;
  return fs::absolute(path, error).string();
}

config::ValueResult<std::string> login_name(const std::string& name) {
  if (auto problem = auth::user_name_problem(name)) {
    return std::unexpected(config::ValueError{std::move(*problem)});
  }
  return name;
}

config::ValueResult<std::string> listener_address(const std::string& text) {
  const auto address = config::parse_bind(text);
  if (!address) return std::unexpected(address.error());
  return address->text();
}

// The first of them that exists: where certbot's hook copies to, or where certbot has it.
std::string certificate_file(const InitOptions& options, const char* name) {
  std::string copied = fmt::format("{}/tls/{}", options.folder, name);
  std::string issued = fmt::format("/etc/letsencrypt/live/{}/{}", options.setup.hostname, name);
  if (exists(copied) || !exists(issued)) return copied;
  return issued;
}

// Port 465 is that of TLS from the first octet (RFC 8314 section 3.3); any other one says so by its
// option.
void settle_listeners(InitOptions& options, std::vector<std::string>& problems) {
  constexpr std::string_view kImplicitTlsPort = ":465";
  const auto add = [&](const char* option, const std::vector<std::string>& given, bool tls) {
    for (const std::string& text : given) {
      auto address = listener_address(text);
      if (!address) {
        problems.push_back(fmt::format("{}: {}", option, address.error().what));
        continue;
      }
      const bool implicit_tls = tls || address->ends_with(kImplicitTlsPort);
      options.setup.listeners.push_back({std::move(*address), implicit_tls});
    }
  };
  add("--listen", options.listen, false);
  add("--listen-tls", options.listen_tls, true);
}

std::vector<std::string> settle(InitOptions& options) {
  Setup& setup = options.setup;
  Questions questions(input_is_terminal() && !options.yes);
  questions.settle(setup.hostname, "--hostname", "Host name of the relay", this_host(),
                   config::parse_full_host_name);
  questions.settle(setup.domain, "--domain", "Domain that mail is sent from",
                   default_domain(setup.hostname), config::parse_domain);
  questions.settle(setup.selector, "--selector", "DKIM selector", kDefaultSelector,
                   config::parse_selector);
  questions.settle(setup.certificate, "--certificate", "Certificate with its chain (PEM)",
                   certificate_file(options, "fullchain.pem"), any_file);
  questions.settle(setup.key, "--key", "Its private key (PEM)",
                   certificate_file(options, "privkey.pem"), any_file);
  questions.settle(setup.login, "--login", "Login of the first client", default_login(setup.domain),
                   login_name);
  std::vector<std::string> problems = questions.problems();
  settle_listeners(options, problems);
  return problems;
}

// What the options say of places: the folder, its configuration, the ports and the queue that fit
// who runs the command.
void settle_places(InitOptions& options, std::string& config_file) {
  if (options.folder.empty()) options.folder = fs::path(config_file).parent_path();
  if (options.folder.empty()) options.folder = ".";
  std::error_code error;
  options.folder = fs::absolute(options.folder, error).lexically_normal();
  if (options.folder.size() > 1 && options.folder.ends_with('/')) options.folder.pop_back();
  config_file = fs::path(config_file).filename();
  config_file = fmt::format("{}/{}", options.folder, config_file);
  Setup& setup = options.setup;
  if (options.folder != kServiceFolder) setup.data_dir = options.folder + "/queue";
  if (!options.listen.empty() || !options.listen_tls.empty()) return;
  if (::geteuid() == 0) {
    options.listen = {"0.0.0.0:587", "0.0.0.0:465"};
  } else {
    options.listen = {"0.0.0.0:2587"};
  }
}

std::vector<net::IpAddress> public_addresses() {
  std::vector<net::IpAddress> addresses;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return addresses;
  for (const ifaddrs* next = found; next != nullptr; next = next->ifa_next) {
    if (next->ifa_addr == nullptr) continue;
    const sa_family_t family = next->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage native{};
    const std::size_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::copy_n(reinterpret_cast<const char*>(next->ifa_addr), size,
                reinterpret_cast<char*>(&native));
    const net::IpAddress address = net::SocketAddress::from_native(native).ip;
    if (is_public(address)) addresses.push_back(address);
  }
  ::freeifaddrs(found);
  return addresses;
}

// 120 random bits that nobody mistypes.
Result<std::string> random_password() {
  constexpr std::string_view kCharacters = "abcdefghijkmnpqrstuvwxyz23456789";
  std::array<unsigned char, 24> octets{};
  if (::getentropy(octets.data(), octets.size()) != 0) {
    return fail(Errc::Io, "the system has no random numbers");
  }
  std::string password;
  for (const unsigned char octet : octets) password += kCharacters[octet % kCharacters.size()];
  return password;
}

std::string users_file(const InitOptions& options) { return options.folder + "/users.toml"; }

// Whether the login is there already, with its password.
Result<bool> login_exists(const InitOptions& options) {
  const std::string file = users_file(options);
  if (!exists(file)) return false;
  const auto users = auth::Users::load(file);
  if (!users) return Failure(users.error());
  return (*users)->find(options.setup.login) != nullptr;
}

bool makes_up_password(const InitOptions& options) {
  return options.generate_password || (options.yes && input_is_terminal());
}

Result<std::string> choose_password(const InitOptions& options) {
  if (makes_up_password(options)) return random_password();
  if (input_is_terminal()) std::fprintf(stderr, "Password of %s\n", options.setup.login.c_str());
  auto chosen = read_new_password();
  if (chosen) return chosen;
  return fail(chosen.error().code,
              chosen.error().detail + ": give it on standard input, or --generate-password");
}

// `password`: nothing when the login exists.
Result<void> add_login(const InitOptions& options, const SetupFiles& files,
                       const std::optional<std::string>& password) {
  const std::string& login = options.setup.login;
  if (!password) {
    print(
        fmt::format("Login {0} exists and keeps its password; `signpost user add --replace {0}` "
                    "sets another.\n",
                    login));
    return {};
  }
  const auth::User user{.name = login,
                        .password = auth::hash_password(*password),
                        .scram = auth::make_scram(*password)};
  const std::string file = users_file(options);
  if (auto added = auth::add_user(file, user, false); !added) return added;
  return files.let_account_read(file);
}

std::string dkim_file(const InitOptions& options) {
  return fmt::format("{}/{}", options.folder, options.setup.dkim_file());
}

Result<std::shared_ptr<const dkim::PrivateKey>> read_dkim_key(const std::string& file) {
  const auto pem = config::read_text_file(file);
  if (!pem) return fail(pem.error().code, fmt::format("{}: {}", file, pem.error().detail));
  auto key = dkim::PrivateKey::from_pem(*pem);
  if (!key) return fail(key.error().code, fmt::format("{}: {}", file, key.error().detail));
  return key;
}

// The record of the key, which is made unless it is there.
Result<std::string> make_key(const InitOptions& options, const SetupFiles& files) {
  const Setup& setup = options.setup;
  const std::string file = dkim_file(options);
  if (!exists(file)) {
    const auto key = dkim::PrivateKey::generate(dkim::Algorithm::RsaSha256, kKeyBits);
    if (!key) return Failure(key.error());
    if (auto created = files.create(file, (*key)->to_pem()); !created) {
      return Failure(created.error());
    }
  }
  const auto key = read_dkim_key(file);
  if (!key) return Failure(key.error());
  return dkim::zone_file_line(setup.domain, setup.selector, **key);
}

Result<std::string> hash_of_certificate(const Setup& setup) {
  const std::string& file = setup.certificate;
  const auto pem = config::read_text_file(file);
  if (!pem) {
    return fail(pem.error().code,
                fmt::format("{}: {}; --certificate names another one, and `certbot certonly "
                            "--standalone -d {}` has one issued",
                            file, pem.error().detail, setup.hostname));
  }
  const auto certificate = net::Certificate::from_pem(*pem);
  if (!certificate) return fail(Errc::InvalidArgument, file + " " + certificate.error().detail);
  if (const std::string unusable = net::unusable_certificate(**certificate); !unusable.empty()) {
    return fail(Errc::InvalidArgument, file + " " + unusable);
  }
  return net::public_key_hash(**certificate);
}

// The configuration last: the service unit waits for it.
Result<void> write_configuration(const InitOptions& options, const SetupFiles& files,
                                 const std::string& config_file) {
  if (exists(config_file)) {
    std::string kept = config_file + ".old";
    for (int n = 2; exists(kept); ++n) kept = fmt::format("{}.old.{}", config_file, n);
    std::error_code error;
    fs::rename(config_file, kept, error);
    if (error) return fail(Errc::Io, fmt::format("{}: {}", config_file, error.message()));
  }
  return files.create(config_file, configuration_text(options.setup));
}

Result<void> make_folders(const InitOptions& options, const SetupFiles& files) {
  const std::string data =
      options.setup.data_dir.empty() ? config::Config().data_dir : options.setup.data_dir;
  if (auto made = files.make_folder(options.folder); !made) return made;
  if (auto made = files.make_folder(options.folder + "/dkim"); !made) return made;
  return files.make_data_folder(data);
}

// All that can be found wrong before anything is written, in one run.
struct Preparation {
  std::optional<SetupFiles> files;
  std::string public_key_hash;
  std::optional<std::string> password;  // nothing when the login exists
};

Result<void> check_tls_key(const Setup& setup) {
  const auto pem = config::read_text_file(setup.key);
  if (!pem) {
    return fail(pem.error().code,
                fmt::format("{}: {}; --key names another one", setup.key, pem.error().detail));
  }
  if (auto checked = net::check_private_key(*pem); !checked) {
    return fail(Errc::InvalidArgument, fmt::format("{} {}", setup.key, checked.error().detail));
  }
  return {};
}

// A password is asked for at a terminal only when all else is well, and read from anything else in
// any case: whoever has to come back should know all of it.
Preparation prepare(const InitOptions& options, std::vector<std::string>& problems) {
  Preparation prepared;
  const auto judge = [&problems](const auto& result) {
    if (!result) problems.push_back(result.error().detail);
    return result.has_value();
  };
  auto files = SetupFiles::for_account(options.setup.account.value_or(config::kDefaultUser));
  if (judge(files)) prepared.files = *files;
  if (!options.setup.certificate.empty()) {
    auto hash = hash_of_certificate(options.setup);
    if (judge(hash)) prepared.public_key_hash = std::move(*hash);
  }
  if (!options.setup.key.empty()) judge(check_tls_key(options.setup));
  if (exists(dkim_file(options))) judge(read_dkim_key(dkim_file(options)));
  const auto has_login = login_exists(options);
  if (!judge(has_login) || *has_login) return prepared;
  if (input_is_terminal() && !problems.empty()) return prepared;
  auto password = choose_password(options);
  if (judge(password)) prepared.password = std::move(*password);
  return prepared;
}

Result<void> write_files(const InitOptions& options, const std::string& config_file,
                         const Preparation& prepared, SetupFacts& facts) {
  const SetupFiles& files = *prepared.files;
  if (auto made = make_folders(options, files); !made) return made;
  auto record = make_key(options, files);
  if (!record) return Failure(record.error());
  facts.dkim_record = std::move(*record);
  if (auto added = add_login(options, files, prepared.password); !added) return added;
  // Shown also when something fails after it: the next run keeps the login.
  if (prepared.password && makes_up_password(options)) {
    print(fmt::format("Login {}, password {} (it is shown this once)\n", options.setup.login,
                      *prepared.password));
  }
  return write_configuration(options, files, config_file);
}

// A process of its own: as root, checking means becoming the relay's account for good.
int check_in_our_place(const std::string& config_file) {
  print("What `signpost check` finds:\n\n");
  (void)std::fflush(stdout);
  (void)::execl("/proc/self/exe", "signpost", "check", "-c", config_file.c_str(), nullptr);
  return refuse("`signpost check` cannot be started; run it by hand");
}

int init(InitOptions options, std::string config_file) {
  settle_places(options, config_file);
  if (exists(config_file) && !options.replace) {
    return refuse(config_file + " exists already; --replace keeps it as signpost.toml.old");
  }
  std::vector<std::string> problems = settle(options);
  Preparation prepared = prepare(options, problems);
  if (!problems.empty()) return refuse(problems);
  SetupFacts facts{.config_file = config_file,
                   .dkim_record = {},
                   .public_key_hash = std::move(prepared.public_key_hash),
                   .addresses = public_addresses(),
                   .service = options.folder == kServiceFolder};
  const auto written = write_files(options, config_file, prepared, facts);
  if (!written) return refuse(written.error().detail);
  print(fmt::format("{} is written.\n", config_file));
  print("\n" + records_text(options.setup, facts));
  print("\n" + checklist_text(options.setup, facts) + "\n");
  return check_in_our_place(config_file);
}

}  // namespace

void add_init_command(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      app.add_subcommand("init", "Write a first configuration, with a DKIM key and a login");
  auto options = std::make_shared<InitOptions>();
  Setup& setup = options->setup;
  const auto text = [&](const char* name, std::string& value, const char* help, const char* type) {
    command->add_option(name, value, help)->type_name(type);
  };
  text("--directory", options->folder,
       "Folder for the files; without it, that of the configuration file", "FOLDER");
  text("--hostname", setup.hostname, "Name of the relay in its greeting and in the DNS", "NAME");
  text("--domain", setup.domain, "Domain that mail is sent from and signed for", "DOMAIN");
  text("--selector", setup.selector, "Selector of the DKIM key; s1 without it", "SELECTOR");
  text("--certificate", setup.certificate,
       "Certificate with its chain; without it, tls/fullchain.pem in the folder, or certbot's",
       "FILE");
  text("--key", setup.key, "Private key of the certificate", "FILE");
  text("--login", setup.login, "First login; without it, the first word of the domain", "LOGIN");
  const auto addresses = [&](const char* name, std::vector<std::string>& value, const char* help) {
    command->add_option(name, value, help)
        ->type_name("ADDRESS")
        ->take_all()
        ->allow_extra_args(false);
  };
  addresses(
      "--listen", options->listen,
      "Address and port to take mail at with STARTTLS, at port 465 with TLS from the start; may "
      "be repeated. Without it and --listen-tls: ports 587 and 465, or 2587 for anyone but root");
  addresses("--listen-tls", options->listen_tls,
            "Address and port to take mail at with TLS from the start; may be repeated");
  command
      ->add_option("--account", setup.account,
                   "Account that the relay becomes when root starts it; root stays root")
      ->type_name("NAME")
      ->check(not_empty("write root for a relay that stays root, or leave the option out for the "
                        "account signpost"));
  command->add_flag("--generate-password", options->generate_password,
                    "Make up the password of the login, and show it once");
  command->add_flag("--replace", options->replace,
                    "Replace the configuration, which is kept as signpost.toml.old");
  command->add_flag("--yes", options->yes,
                    "Ask nothing: options and defaults decide, and the password is made up at a "
                    "terminal");
  command->footer(
      "Asks at a terminal for what the options do not say. The password comes from the terminal, "
      "or else from the first line of standard input. Keys and logins that exist are kept. Prints "
      "the DNS records to publish and what is left to do, then what check finds.\n"
      "Example: signpost init --hostname mail.shop.example --domain shop.example");
  command->callback([&line, options] {
    line.run = [&line, options] { return init(*options, line.config_file); };
  });
}

}  // namespace signpost::commands
