import QKDCore
import Testing

@Suite struct LightTests {
    @Test func statesAreNumberedZ0Z1X0X1() {
        #expect(BB84State.all.map(\.description) == ["Z0", "Z1", "X0", "X1"])
        #expect(BB84State.all.map(\.index) == [0, 1, 2, 3])
        #expect(Set(BB84State.all).count == 4)
        for basis in Basis.allCases {
            for bit: UInt8 in [0, 1] {
                let state = BB84State(basis, bit)
                #expect(state.basis == basis && state.bit == bit)
                #expect(BB84State(index: state.index) == state)
            }
        }
    }

    @Test func aStateUsesTheLowestBitOnly() {
        #expect(BB84State(.x, 0xFE) == BB84State(.x, 0))
        #expect(BB84State(.z, 0xFF) == BB84State(.z, 1))
    }

    @Test func pulseCodesFillZeroToElevenOnceEach() {
        var seen: Set<UInt8> = []
        for intensity in Intensity.allCases {
            for state in BB84State.all {
                let code = PulseCode(state, intensity)
                #expect(code.state == state)
                #expect(code.intensity == intensity)
                #expect(code.basis == state.basis && code.bit == state.bit)
                #expect(PulseCode(rawValue: code.rawValue) == code)
                seen.insert(code.rawValue)
            }
        }
        #expect(seen == Set(0..<UInt8(PulseCode.count)))
    }

    @Test func pulseCodeBitsLieWhereTheyAreSaidTo() {
        #expect(PulseCode(BB84State(.z, 1), .signal).rawValue == 0b0001)
        #expect(PulseCode(BB84State(.x, 0), .signal).rawValue == 0b0010)
        #expect(PulseCode(BB84State(.z, 0), .decoy).rawValue == 0b0100)
        #expect(PulseCode(BB84State(.x, 1), .vacuum).rawValue == 0b1011)
    }

    @Test(arguments: UInt8.min...UInt8.max)
    func everyByteReadsAsSomeCode(byte: UInt8) {
        let code = PulseCode(rawValue: byte)
        #expect(code.bit == byte % 2)
        #expect(code.basis == (byte / 2 % 2 == 0 ? .z : .x))
        let expected: [Intensity] = [.signal, .decoy, .vacuum, .vacuum]
        #expect(code.intensity == expected[Int(byte / 4 % 4)])
    }

    @Test func namesReadAsTheFieldSpellsThem() {
        #expect(Basis.allCases.map(\.description) == ["Z", "X"])
        #expect(Intensity.allCases.map(\.description) == ["signal", "decoy", "vacuum"])
        #expect(DoubleClickRule(rawValue: "discard") == .discard)
    }

    @Test func aWaveformLastsAsLongAsItsSteps() {
        let waveform = DriveWaveform(
            ticks: [1, .max, .max], lines: [0, 1, 0], analog: [0, 100, -100], tickPS: 8000, analogUnitVolts: 0.001)
        #expect(waveform.durationPS == (1 + 2 * 4_294_967_295) * 8000)
        let empty = DriveWaveform(ticks: [], lines: [], analog: [], tickPS: 8000, analogUnitVolts: 1)
        #expect(empty.durationPS == 0)
        #expect(PulserLevels.zero == PulserLevels(lines: 0, analogVolts: 0))
    }
}
