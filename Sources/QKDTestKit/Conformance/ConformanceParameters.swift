import QKDCore

extension DriverConformance {
    /// Names are unique lower-case words joined by hyphens, ranges are not empty, summaries say something.
    public func parametersAreWellFormed() async -> [Finding] {
        await withRig("parameters") { rig in
            var findings: [Finding] = []
            var seen: Set<String> = []
            for parameter in rig.device.parameters {
                let rule = "parameter '\(parameter.name)'"
                if !seen.insert(parameter.name).inserted { findings.append(Finding(rule, "is there twice")) }
                if !Names.isHyphenated(parameter.name) {
                    findings.append(Finding(rule, "is not lower-case words joined by hyphens"))
                }
                if parameter.summary.isEmpty { findings.append(Finding(rule, "has no summary")) }
                if let flaw = Self.flaw(of: parameter.kind, unit: parameter.unit) {
                    findings.append(Finding(rule, flaw))
                }
            }
            return findings
        }
    }

    private static func flaw(of kind: Parameter.Kind, unit: String) -> String? {
        switch kind {
        case .number(let range?) where !(range.lowerBound < range.upperBound): "the range is empty: \(range)"
        case .number(let range?) where !range.lowerBound.isFinite || !range.upperBound.isFinite:
            "the range has no end: \(range); state nil where none is known"
        case .choice(let names) where names.count < 2 || Set(names).count != names.count:
            "is no choice: \(names)"
        case .flag where !unit.isEmpty, .choice where !unit.isEmpty, .text where !unit.isEmpty:
            "has a unit but is no number"
        default: nil
        }
    }

    /// Every readable parameter reads, as its own type and within its own range; the others refuse.
    public func parametersRead() async -> [Finding] {
        await withOpenRig("read parameters") { rig in
            var findings: [Finding] = []
            for parameter in rig.device.parameters where !skipping.contains(parameter.name) {
                let rule = "read '\(parameter.name)'"
                do {
                    let value = try await rig.device.value(of: parameter.name)
                    if parameter.access == .writeOnly {
                        findings.append(Finding(rule, "gave \(value) though it can only be set"))
                    } else {
                        try parameter.check(value)
                    }
                } catch let error as QKDError where error.kind == .unsupported && parameter.access == .writeOnly {
                    continue
                } catch {
                    findings.append(Finding(rule, "threw \(error)"))
                }
            }
            findings += await Self.expect(.unsupported, "read a parameter that does not exist") {
                _ = try await rig.device.value(of: "no-such-parameter")
            }
            return findings
        }
    }

    /// Each setting takes the value that it has, and has it afterwards.
    public func parametersTakeTheirOwnValue() async -> [Finding] {
        await withOpenRig("set parameters") { rig in
            var findings: [Finding] = []
            for parameter in rig.device.parameters
            where parameter.access == .readWrite && !skipping.contains(parameter.name) {
                let rule = "set '\(parameter.name)' to its own value"
                do {
                    let value = try await rig.device.value(of: parameter.name)
                    try await rig.device.set(parameter.name, to: value)
                    let after = try await rig.device.value(of: parameter.name)
                    if after != value { findings.append(Finding(rule, "\(value) became \(after)")) }
                } catch {
                    findings.append(Finding(rule, "threw \(error)"))
                }
            }
            return findings
        }
    }

    /// Values outside the range or of another type are refused before anything is sent.
    public func parametersRefuseBeforeSending() async -> [Finding] {
        await withOpenRig("refuse parameters") { rig in
            var findings: [Finding] = []
            for parameter in rig.device.parameters {
                let before = rig.sentCount()
                for value in Self.wrongValues(for: parameter) {
                    let kind: QKDError.Kind = parameter.access == .readOnly ? .unsupported : .outOfRange
                    findings += await Self.expect(kind, "set '\(parameter.name)' to \(value)") {
                        try await rig.device.set(parameter.name, to: value)
                    }
                }
                let sent = rig.sentCount() - before
                if sent != 0 {
                    findings.append(Finding("set '\(parameter.name)'", "\(sent) bytes of a wrong value were sent"))
                }
            }
            findings += await Self.expect(.unsupported, "set a parameter that does not exist") {
                try await rig.device.set("no-such-parameter", to: .integer(1))
            }
            return findings
        }
    }

    private static func wrongValues(for parameter: Parameter) -> [ParameterValue] {
        switch parameter.kind {
        case .number(let range):
            [.number(.nan), .number(.infinity), .flag(true), .text("much")]
                + (range.map { range in
                    let step = max(1e-3, (range.upperBound - range.lowerBound) * 1e-3)
                    return [.number(range.lowerBound - step), .number(range.upperBound + step)]
                } ?? [])
        case .integer(let range):
            [.flag(true), .text("many"), .number(0.5)]
                + (range.map { range in
                    [range.lowerBound.subtractingReportingOverflow(1), range.upperBound.addingReportingOverflow(1)]
                        .filter { !$0.overflow }.map { .integer($0.partialValue) }
                } ?? [])
        case .flag: [.integer(1), .text("on")]
        case .choice: [.text("no-such-choice"), .integer(0)]
        case .text: [.integer(0), .flag(false)]
        }
    }

    /// Runs `body` and expects an error of `kind` from it.
    static func expect(
        _ kind: QKDError.Kind, _ rule: String, _ body: () async throws -> Void
    ) async -> [Finding] {
        do {
            try await body()
            return [Finding(rule, "was taken; expected \(kind)")]
        } catch let error as QKDError {
            return error.kind == kind ? [] : [Finding(rule, "threw \(error.kind), expected \(kind): \(error)")]
        } catch {
            return [Finding(rule, "threw \(error), expected \(kind)")]
        }
    }
}
