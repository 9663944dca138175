import QKDCore
import QKDTransport
import Testing

@testable import QKDDrivers

@Suite("Pulse Streamer JSON-RPC")
struct PulseStreamerRPCTests {
    private func result(_ body: String, status: Int = 200) throws -> RPCValue {
        try PulseStreamerRPC.result(
            of: HTTPResponseMessage(status: status, body: Array(body.utf8)), to: "m", id: 4, at: "http://x")
    }

    private func failure(_ body: String, status: Int = 200) -> QKDError? {
        #expect(throws: QKDError.self) { try result(body, status: status) }
    }

    @Test("a request is a post of one JSON object")
    func request() throws {
        let request = try PulseStreamerRPC.request("setTrigger", [.integer(1), .integer(0)], id: 3)
        #expect(request.method == "POST" && request.path == "/json-rpc")
        #expect(request.headers["content-type"] == "application/json")
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"id":3,"jsonrpc":"2.0","method":"setTrigger","params":[1,0]}"#)
        let bare = try PulseStreamerRPC.request("reset", [], id: 4)
        #expect(String(decoding: bare.body, as: UTF8.self) == #"{"id":4,"jsonrpc":"2.0","method":"reset"}"#)
    }

    @Test("results of every type")
    func results() throws {
        #expect(try result(#"{"jsonrpc":"2.0","id":4,"result":1}"#) == .integer(1))
        #expect(try result(#"{"id":4,"result":true}"#) == .flag(true))
        #expect(try result(#"{"id":4,"result":null}"#) == .null)
        #expect(try result(#"{"id":4,"result":41.5}"#) == .number(41.5))
        #expect(try result(#"{"id":4,"result":{"a":[1,"b"]}}"#) == .object(["a": .list([.integer(1), .text("b")])]))
    }

    @Test("numbers and truth are read in the forms that the sources have")
    func forms() {
        #expect(RPCValue.flag(true).asInteger == 1 && RPCValue.number(2).asInteger == 2)
        #expect(RPCValue.text("1").asInteger == nil && RPCValue.number(0.5).asInteger == nil)
        #expect(RPCValue.text("41.5").asNumber == 41.5 && RPCValue.integer(41).asNumber == 41)
        #expect(RPCValue.text("hot").asNumber == nil && RPCValue.null.asNumber == nil)
    }

    @Test("an error is a refusal with the device's code and words")
    func refusal() {
        let error = failure(#"{"id":4,"error":{"code":-32601,"message":"Method not found"}}"#)
        #expect(error?.kind == .refused && error?.code == -32_601 && error?.message == "Method not found")
        #expect(error?.place?.field == "m")
        #expect(failure(#"{"id":null,"error":{"code":-32700,"message":"x"}}"#, status: 500)?.code == -32_700)
    }

    @Test("what is no answer to the request breaks the protocol")
    func violations() {
        for body in ["", "[]", "4", "{", #"{"id":4}"#, #"{"id":5,"result":1}"#, #"{"result":1}"#] {
            #expect(failure(body)?.kind == .protocolViolation)
        }
        #expect(failure("<html>", status: 404)?.code == 404)
    }

    @Test("firmware versions, up to the first blank")
    func firmware() throws {
        #expect(try #require(PulseStreamerFirmware("2.1.2 EMULATED")).numbers == [2, 1, 2])
        for (text, hasPort) in [("1.0.9", false), ("1.1", true), ("1.1.0", true), ("0.9", false), ("2", true)] {
            #expect(try #require(PulseStreamerFirmware(text)).hasBinaryPort == hasPort)
        }
        for text in ["", "  ", "v1.1", "1..1", "1.x", ".1"] { #expect(PulseStreamerFirmware(text) == nil) }
    }
}
