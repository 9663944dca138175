import QKDCore

/// Sends HTTP requests to an instrument.
public protocol HTTPTransport: Sendable {
    /// Where it leads, for messages: `http://10.0.0.7:8050`.
    var endpoint: String { get }
    /// Sends a request and returns the whole response; throws `absent`, `timeout`, `disconnected`,
    /// or `protocolViolation` for an answer that is not HTTP.
    func send(_ request: HTTPRequestMessage, timeout: Duration) async throws -> HTTPResponseMessage
    /// Closes the connection. May be called twice.
    func close() async
}
