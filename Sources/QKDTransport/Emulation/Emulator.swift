import QKDCore

/// The device's side of a wire: bytes in, bytes out, its own state, and no clock but the one it is given.
///
/// A host binds an emulator to a pty, a port or a loopback and tells it the time. An emulator may say
/// things by itself (a tagger does): it says them from `advance`.
public protocol StreamEmulator: Actor {
    /// Takes bytes that came from the host at `nowPS` and returns the answer that is ready at once.
    func receive(_ bytes: [UInt8], nowPS: Int64) -> [UInt8]
    /// Returns what the device has to say by itself up to `nowPS`.
    func advance(toPS nowPS: Int64) -> [UInt8]
}

/// A device that answers HTTP requests.
public protocol HTTPEmulator: Actor {
    /// Answers one request.
    func respond(to request: HTTPRequestMessage, nowPS: Int64) -> HTTPResponseMessage
}

/// A whole HTTP request.
public struct HTTPRequestMessage: Sendable, Equatable {
    /// The HTTP method in capitals, e.g. `POST`.
    public var method: String
    /// The request target: path and query, from the slash.
    public var path: String
    /// Header fields; names in lower case.
    public var headers: [String: String]
    /// The message body; empty if there is none.
    public var body: [UInt8]

    /// Makes a request.
    public init(method: String, path: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// A whole HTTP response.
public struct HTTPResponseMessage: Sendable, Equatable {
    /// The status code, e.g. 200.
    public var status: Int
    /// Header fields; names in lower case.
    public var headers: [String: String]
    /// The message body; empty if there is none.
    public var body: [UInt8]

    /// Makes a response.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// How an emulated device stands on the network: an HTTP server, byte-stream servers, or both.
public protocol NetworkEmulator: HTTPEmulator {
    /// The vendor's ports: the HTTP one first, then those of byte streams.
    static var vendorPorts: NetworkPorts { get }
    /// A fresh conversation for a connection to the byte-stream port.
    func streamConversation() -> any StreamEmulator
}

/// The ports of a network instrument.
public struct NetworkPorts: Sendable, Equatable {
    /// TCP port of the HTTP server.
    public var http: Int
    /// TCP port of the byte stream.
    public var stream: Int

    /// States the ports.
    public init(http: Int, stream: Int) {
        self.http = http
        self.stream = stream
    }
}

/// Light or no light, said by an emulator whenever it changes, with the emulation's time.
public struct EmulatorEvent: Sendable, Equatable {
    /// When, picoseconds on the emulation's clock.
    public var atPS: Int64
    /// What happened, e.g. `frame started, 1000000 slots`, `dark`.
    public var text: String

    /// Records an event.
    public init(atPS: Int64, text: String) {
        self.atPS = atPS
        self.text = text
    }
}
