import Foundation
import QKDCore
import QKDTransport

/// The driver's side of the Pulse Streamer's JSON-RPC 2.0: requests as HTTP posts to `/json-rpc`, and
/// what their answers say (PyPI `pulsestreamer` 2.1.2, jrpc client).
enum PulseStreamerRPC {
    /// Where requests are posted to.
    static let path = "/json-rpc"

    /// A request as an HTTP message.
    static func request(_ method: String, _ parameters: [RPCValue], id: Int) throws -> HTTPRequestMessage {
        var call: [String: RPCValue] = ["jsonrpc": .text("2.0"), "method": .text(method), "id": .integer(id)]
        if !parameters.isEmpty { call["params"] = .list(parameters) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = [UInt8](try encoder.encode(RPCValue.object(call)))
        return HTTPRequestMessage(
            method: "POST", path: path, headers: ["content-type": "application/json"], body: body)
    }

    /// The result in an answer to request `id` of `method`.
    ///
    /// Throws `refused` with the device's code and words, or `protocolViolation`.
    static func result(
        of response: HTTPResponseMessage, to method: String, id: Int, at endpoint: String
    ) throws -> RPCValue {
        let place = QKDError.Place(endpoint, field: method)
        guard case .object(let answer)? = try? JSONDecoder().decode(RPCValue.self, from: Data(response.body)) else {
            guard response.status == 200 else {
                throw QKDError(
                    .protocolViolation, "HTTP status \(response.status)", code: Int32(clamping: response.status),
                    at: place)
            }
            throw QKDError(.protocolViolation, "an answer that is not a JSON object", at: place)
        }
        if case .object(let error)? = answer["error"] {
            let code = error["code"]?.asInteger.map { Int32(clamping: $0) }
            throw QKDError(.refused, error["message"]?.asText ?? "refused without a reason", code: code, at: place)
        }
        guard answer["id"]?.asInteger == id else {
            throw QKDError(.protocolViolation, "an answer to another request", at: place)
        }
        guard let result = answer["result"] else {
            throw QKDError(.protocolViolation, "an answer with neither result nor error", at: place)
        }
        return result
    }
}
