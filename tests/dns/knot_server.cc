#include "tests/dns/knot_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace signpost::dns {

namespace {

// Unpacked by tests/interop/peers.sh. What it links against lies there too.
constexpr char kProgram[] = SIGNPOST_PEERS "/root/usr/sbin/knotd";
constexpr char kLibraries[] = SIGNPOST_PEERS "/libraries";
constexpr int kStartLimit = 30'000;  // ms

// The folders of its libraries, for the dynamic linker.
std::string library_path() {
  std::ifstream in(kLibraries);
  std::string path;
  for (std::string folder; std::getline(in, folder);) path += (path.empty() ? "" : ":") + folder;
  return path;
}

// A port that is free for UDP and for TCP at this moment.
net::SocketAddress free_address() {
  for (int i = 0; i < 50; ++i) {
    sockaddr_storage native;
    socklen_t size = net::SocketAddress::parse("127.0.0.1:0")->to_native(native);
    const int udp = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool both =
        udp >= 0 && tcp >= 0 && ::bind(tcp, reinterpret_cast<sockaddr*>(&native), size) == 0;
    size = sizeof native;
    both = both && ::getsockname(tcp, reinterpret_cast<sockaddr*>(&native), &size) == 0 &&
           ::bind(udp, reinterpret_cast<sockaddr*>(&native), size) == 0;
    ::close(udp);
    ::close(tcp);
    if (both) return net::SocketAddress::from_native(native);
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

}  // namespace

KnotServer::KnotServer(const std::map<std::string, std::string>& zones) {
  if (!std::filesystem::exists(kProgram)) {
    throw std::runtime_error(std::string(kProgram) +
                             " is missing: run tests/interop/peers.sh build/peers knot");
  }
  address_ = free_address();
  for (const auto& [name, text] : zones) directory_.write(name + ".zone", text);
  start(directory_.write("knot.conf", configuration(zones)));
  try {
    wait_until_served(zones.size());
  } catch (...) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    throw;
  }
}

KnotServer::~KnotServer() {
  ::kill(process_, SIGKILL);  // nothing of it is to be kept
  ::waitpid(process_, nullptr, 0);
  ::close(output_);
}

std::string KnotServer::configuration(const std::map<std::string, std::string>& zones) const {
  const std::string directory = directory_.path().string();
  std::string text =
      "server:\n"
      "  rundir: \"" +
      directory + "\"\n" +
      "  udp-workers: 1\n"
      "  tcp-workers: 1\n"
      "  background-workers: 1\n"
      "  listen: " +
      address_.ip.text() + "@" + std::to_string(address_.port) + "\n" +
      "log:\n"
      "  - target: stdout\n"
      "    any: info\n"
      "database:\n"
      "  storage: \"" +
      directory + "\"\n" +
      "template:\n"
      "  - id: default\n"
      "    storage: \"" +
      directory + "\"\n" +
      "    file: \"%s.zone\"\n"
      "    zonefile-load: whole\n"
      "    journal-content: none\n"
      "zone:\n";
  for (const auto& [name, ignored] : zones) text += "  - domain: " + name + "\n";
  return text;
}

void KnotServer::start(const std::string& configuration_file) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const pid_t parent = ::getpid();
  const std::string libraries = "LD_LIBRARY_PATH=" + library_path();
  const std::array<const char*, 2> environment{libraries.c_str(), nullptr};
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it must not outlive a test that crashes
    if (::getppid() != parent) ::_exit(127);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execle(kProgram, kProgram, "-c", configuration_file.c_str(), nullptr, environment.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
  if (process_ < 0) throw std::runtime_error("no process for knotd");
}

void KnotServer::wait_until_served(std::size_t zones) {
  std::string output;
  for (;;) {
    std::size_t loaded = 0;
    for (std::size_t at = 0; (at = output.find("loaded, serial", at)) != std::string::npos; ++at) {
      ++loaded;
    }
    if (loaded == zones && output.contains("server started")) return;
    pollfd ready{output_, POLLIN, 0};
    std::array<char, 4096> buffer;
    const ssize_t size =
        ::poll(&ready, 1, kStartLimit) > 0 ? ::read(output_, buffer.data(), buffer.size()) : 0;
    if (size <= 0) throw std::runtime_error("knotd does not serve its zones:\n" + output);
    output.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace signpost::dns
