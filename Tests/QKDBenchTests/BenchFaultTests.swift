import QKDCore
import Testing

@testable import QKDBench

@Suite("Faults of an emulated tagger")
struct BenchFaultTests {
    @Test("each form is read, with its time")
    func forms() throws {
        let kinds: [(String, BenchFault.Kind)] = [
            ("lose-bytes@1.5=2", .loseBytes(2)), ("overflow@1.5=1000", .overflow(records: 1000)),
            ("stall@1.5=0.4", .stall(400 * Picoseconds.perMillisecond)),
            ("unplug@1.5=2", .unplug(2 * Picoseconds.perSecond)),
            ("clock-step@1.5=-1e-7", .clockStep(-100_000)),
        ]
        for (text, kind) in kinds {
            let fault = try BenchFault(text)
            #expect(fault.kind == kind && fault.text == text)
            #expect(fault.atPS == 1_500 * Picoseconds.perMillisecond)
            #expect(BenchFault.forms.contains(text.prefix { $0 != "@" } + "@S="))
        }
    }

    @Test(
        "what is no fault is refused by name",
        arguments: [
            "", "stall", "stall@1", "stall=1", "stall@x=1", "stall@-1=1", "stall@1=0", "stall@1=nan",
            "lose-bytes@1=2.5",
            "lose-bytes@1=0", "clock-step@1=11", "fire@1=1", "stall@1=1=1",
        ])
    func refused(text: String) {
        let error = #expect(throws: QKDError.self) { try BenchFault(text) }
        #expect(error?.kind == .invalidInput && error?.message.isEmpty == false)
    }

    @Test("faults come in the order of time, from the start on, each once; some have an end")
    func schedule() throws {
        let second = Picoseconds.perSecond
        var schedule = FaultSchedule(try ["unplug@2=3", "lose-bytes@1=2", "stall@2.5=0.5"].map { try BenchFault($0) })
        #expect(schedule.nextPS == nil && schedule.due(atPS: 100 * second).isEmpty)
        schedule.start(atPS: 10 * second)
        schedule.start(atPS: 20 * second)
        #expect(schedule.nextPS == 11 * second)
        #expect(schedule.due(atPS: 11 * second - 1).isEmpty)
        #expect(schedule.due(atPS: 11 * second).map(\.description) == ["loseBytes(2)"])
        #expect(schedule.due(atPS: 12_600 * Picoseconds.perMillisecond).map(\.description) == ["unplugged", "stall"])
        #expect(schedule.nextPS == 13 * second)
        #expect(schedule.due(atPS: 90 * second).map(\.description) == ["recover", "plugged in, its counter at 0"])
        #expect(schedule.nextPS == nil)
    }

    @Test("a bench that is reached from outside has no faults to order")
    func outside() async throws {
        let text = BenchParserTests.text.replacingOccurrences(of: "\"emulated\"", with: "\"/dev/null\"")
        let bench = try BenchDescription.parse(text, name: "outside")
        let error = await #expect(throws: QKDError.self) {
            _ = try await Bench.open(bench, seed: 1, time: .lockstep, faults: [try BenchFault("stall@1=1")])
        }
        #expect(error?.kind == .invalidInput)
    }
}
