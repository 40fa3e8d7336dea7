# cmake --install build/release --prefix /usr: the service as the .deb has it. The program and its unit look
# for /etc/signpost and /usr/bin/signpost, so --prefix /usr is the one that works without further changes.
include(GNUInstallDirs)

install(TARGETS signpost RUNTIME)
install(FILES docs/man/signpost.1 docs/man/signpost-sendmail.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/signpost.toml.5 docs/man/signpost-users.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES etc/systemd/signpost.service DESTINATION lib/systemd/system)
install(FILES etc/sysusers.d/signpost.conf DESTINATION lib/sysusers.d)
install(FILES etc/tmpfiles.d/signpost.conf DESTINATION lib/tmpfiles.d)
install(FILES etc/completion/signpost.bash RENAME signpost DESTINATION share/bash-completion/completions)
install(FILES etc/completion/_signpost DESTINATION share/zsh/vendor-completions)
install(FILES etc/completion/signpost.fish DESTINATION share/fish/vendor_completions.d)
install(PROGRAMS etc/certbot/deploy-hook RENAME certbot-deploy-hook DESTINATION share/signpost)
install(FILES etc/providers.toml DESTINATION share/signpost)
install(DIRECTORY etc/grafana etc/prometheus DESTINATION share/signpost)
install(DIRECTORY docs/ DESTINATION share/doc/signpost FILES_MATCHING
  PATTERN *.md
  PATTERN man EXCLUDE
  PATTERN decisions EXCLUDE)

# Beside the real one, which `signpost init` writes: an example is not taken for a configuration.
install(FILES etc/signpost.toml RENAME signpost.toml.example DESTINATION /etc/signpost)

# How others are set up around it.
install(FILES etc/systemd/signpost.socket etc/haproxy/haproxy.cfg DESTINATION share/doc/signpost/examples)
