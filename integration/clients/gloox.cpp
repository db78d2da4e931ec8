// libgloox, over BOSH (ConnectionBOSH): it has no WebSocket. It does not repeat
// requests: a connection that is cut is the end of its session.
//
//   g++ -o gloox gloox.cpp -lgloox
//
// Arguments and lines as in lines.mjs; the URL's path is taken as it stands.
#include <gloox/client.h>
#include <gloox/connectionbosh.h>
#include <gloox/connectionlistener.h>
#include <gloox/connectiontcpclient.h>
#include <gloox/message.h>
#include <gloox/messagehandler.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

using namespace gloox;

static std::string quoted(const std::string& s) {
  std::string q = "\"";
  for (unsigned char c : s) {
    if (c == '"' || c == '\\') {
      q += '\\';
      q += c;
    } else if (c < ' ') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      q += escape;
    } else {
      q += c;
    }
  }
  return q + "\"";
}

static void say(const char* name, const std::string& value) {
  std::cout << "{\"" << name << "\": " << quoted(value) << "}" << std::endl;
}

class Driver : public ConnectionListener, public MessageHandler {
 public:
  explicit Driver(Client& c) : client(c) {
    client.registerConnectionListener(this);
    client.registerMessageHandler(this);
  }

  void onConnect() override {
    client.setPresence(Presence::Available, 0);
    say("online", client.jid().full());
  }

  void onDisconnect(ConnectionError e) override {
    over = true;
    if (!leaving) say("error", "connection error " + std::to_string(e) + ", authentication error " + std::to_string(client.authError()));
  }

  bool onTLSConnect(const CertInfo&) override { return true; }

  void handleMessage(const Message& message, MessageSession*) override {
    if (!message.body().empty()) say("body", message.body());
  }

  void command(const std::string& line, const std::string& tail) {
    std::istringstream words(line);
    std::string word, to;
    long first = 0, last = 0;
    words >> word >> to >> first >> last;
    if (word == "send") {
      for (long n = first; n <= last; n++) {
        client.send(Message(Message::Chat, JID(to), "c " + std::to_string(n) + " " + tail));
      }
    } else if (word == "stop") {
      leaving = true;
      client.disconnect();
    }
  }

  bool over = false;

 private:
  Client& client;
  bool leaving = false;
};

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  std::string url = argv[1], domain = argv[2], user = argv[3], password = argv[4], resource = argv[5], tail = argv[6];
  url = url.substr(url.find("//") + 2);
  std::string::size_type slash = url.find('/'), colon = url.find(':');
  std::string host = url.substr(0, colon);
  int port = std::stoi(url.substr(colon + 1, slash - colon - 1));

  JID jid(user + "@" + domain + "/" + resource);
  Client client(jid, password);
  client.setTls(TLSDisabled);  // it is chatproxy that speaks TLS to the server
  client.setCompression(false);
  Driver driver(client);

  auto* tcp = new ConnectionTCPClient(client.logInstance(), host, port);
  auto* bosh = new ConnectionBOSH(&client, tcp, client.logInstance(), host, domain, port);
  bosh->setMode(ConnectionBOSH::ModePersistentHTTP);
  bosh->setPath(url.substr(slash));
  client.setConnectionImpl(bosh);
  if (!client.connect(false)) return 1;

  std::string unread;
  while (!driver.over) {
    client.recv(5000);  // microseconds
    pollfd in = {STDIN_FILENO, POLLIN, 0};
    if (poll(&in, 1, 0) <= 0) continue;
    char buffer[4096];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
    if (n <= 0) return 1;  // the test is gone
    unread.append(buffer, n);
    for (std::string::size_type end; (end = unread.find('\n')) != std::string::npos; unread.erase(0, end + 1)) {
      driver.command(unread.substr(0, end), tail);
    }
  }
  return 0;
}
