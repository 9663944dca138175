import ArgumentParser
import Foundation
import QKDBench
import QKDCore
import QKDDistillation

struct KeyRateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyrate",
        abstract: "Plan a link: secret bits against distance or loss, for each proof, with the best settings.",
        discussion: """
            Finite keys: \(RateWords.finite.joined(separator: ", ")); a curve for each block size. Any number of \
            detections: \(RateWords.asymptotic.joined(separator: ", ")). A link is a preset or a bench, changed by the options \
            after it. Sources of pairs stand in the middle.

            Example: qkdctl keyrate --proof lim2014-literal,ma2005-infinite --distance 0:200:10
            Example: qkdctl keyrate --bench bb84-loopback --blocks 1e6,1e7 --distance 0:100:5
            Example: qkdctl keyrate --link rusca2018 --proof rusca2018 --blocks 1e5,1e7 --loss 0:66:2 --svg rates.svg --csv rates.csv
            """)

    @Option(name: .long, help: "Parameters to begin with: lim2014 (the default), gys2004, rusca2018, pairs2007.")
    var link: RatePreset?
    @Option(name: .long, help: "Or those of a bench: a file, or the name of a built-in one.", completion: .file())
    var bench: String?
    @Option(name: .long, help: "Proofs, separated by commas; by default those of the link's paper.") var proof: String?
    @Option(name: .long, help: "Detections in the key's basis before a key is made, separated by commas.")
    var blocks = "1e5,1e7,1e9"
    @Option(
        name: .long,
        help: ArgumentHelp("Kilometres: from, to, step. The default is 0:200:10.", valueName: "a:b:step"))
    var distance: String?
    @Option(name: .long, help: ArgumentHelp("Losses of the channel, dB, instead.", valueName: "a:b:step"))
    var loss: String?
    @Option(name: .long, help: "Attenuation of the fibre, dB/km.") var attenuation: Double?
    @Option(name: .long, help: "Efficiency of Bob's side, 0 to 1.") var efficiency: Double?
    @Option(name: .long, help: "Dark counts a gate and detector.") var dark: Double?
    @Option(name: .long, help: "Afterpulses a click.") var afterpulse: Double?
    @Option(name: .long, help: "Errors a photon.") var misalignment: Double?
    @Option(name: .long, help: "Dead time, nanoseconds.") var deadTimeNs: Double?
    @Option(name: .long, help: "Pulses a second.") var pulseRateHz: Double?
    @Option(name: .long, help: "f: what reconciliation reveals over the entropy.") var factor: Double?
    @Option(name: .long, help: "Mean of the weak decoy in ma2005-vacuum-weak.") var weak = 0.05
    @Option(name: .long, help: "ε_sec of a key.") var epsSec: Double?
    @Option(name: .long, help: "ε_sec of a bit of the key, instead.") var epsSecPerBit: Double?
    @Option(name: .long, help: "ε_cor.") var epsCor = 1e-15
    @Option(name: .long, help: "File for all figures and settings, comma-separated.", completion: .file())
    var csv: String?
    @Option(name: .long, help: "File for a plot.", completion: .file()) var svg: String?
    @OptionGroup var formatOptions: FormatOptions

    func validate() throws {
        guard link == nil || bench == nil else { throw ValidationError("either --link or --bench") }
        _ = try models(usual: [])
        _ = try losses(0.2)
        guard distance == nil || loss == nil else { throw ValidationError("either --distance or --loss") }
        for (name, value, range) in [
            ("--attenuation", attenuation, 0.001...100), ("--efficiency", efficiency, 1e-6...1),
            ("--dark", dark, 0...0.1), ("--afterpulse", afterpulse, 0...0.5), ("--misalignment", misalignment, 0...0.5),
            ("--dead-time-ns", deadTimeNs, 0...1e9), ("--pulse-rate-hz", pulseRateHz, 1...1e12),
            ("--factor", factor, 1...2), ("--weak", weak, 1e-6...0.5), ("--eps-sec", epsSec, 1e-300...0.1),
            ("--eps-sec-per-bit", epsSecPerBit, 1e-300...0.1), ("--eps-cor", epsCor, 1e-300...0.1),
        ] {
            guard value.map(range.contains) ?? true else {
                throw ValidationError("\(name) must lie between \(range.lowerBound) and \(range.upperBound)")
            }
        }
        guard epsSec == nil || epsSecPerBit == nil else {
            throw ValidationError("either --eps-sec or --eps-sec-per-bit")
        }
    }

    func run() async throws {
        let bench = try bench.map { try BenchDescription.load($0) }
        let preset = link ?? .lim2014
        let rateLink = rateLink(bench?.rateLink(factor: ReconciliationMethod.cascadeFactor) ?? preset.link)
        let models = try models(usual: bench.map { [$0.usualProof.rawValue] } ?? preset.proofs)
        let losses = try losses(rateLink.decoys.attenuationDBPerKM)
        let curves = try await Interrupts.guarding {
            let waiting = WaitingLine("searching")
            defer { waiting.stop() }
            return try models.enumerated().map { index, model in
                waiting.text = model.name
                let (points, reach) = try rateLink.curve(model, lossesDB: losses) {
                    waiting.share = (Double(index) + $0) / Double(models.count)
                }
                return RateCurve(name: model.name, points: points, reachDB: reach)
            }
        }
        let sheet = RateSheet(
            curves: curves, pulseRateHz: rateLink.decoys.pulseRateHz,
            attenuationDBPerKM: loss == nil ? rateLink.decoys.attenuationDBPerKM : nil)
        if let csv { try SmallFile.write(Array(sheet.csv.utf8), to: csv, mode: 0o644) }
        if let svg { try SmallFile.write(Array(RatePlot(sheet).svg.utf8), to: svg, mode: 0o644) }
        try formatOptions.show(rows: sheet.rows) { sheet.table }
    }

    private func rateLink(_ link: RateLink) -> RateLink {
        var link = link
        if let attenuation { link.decoys.attenuationDBPerKM = attenuation }
        if let efficiency { link.decoys.receiverEfficiency = efficiency }
        if let dark { link.decoys.darkProbability = dark }
        if let afterpulse { link.decoys.afterpulseProbability = afterpulse }
        if let misalignment { link.decoys.misalignment = misalignment }
        if let deadTimeNs { link.decoys.deadTimeS = deadTimeNs * 1e-9 }
        if let pulseRateHz { link.decoys.pulseRateHz = pulseRateHz }
        if let factor { link.decoys.reconciliationFactor = factor }
        if let epsSec { link.secrecy = .ofTheKey(epsSec) }
        if let epsSecPerBit { link.secrecy = .ofEachBit(epsSecPerBit) }
        link.correctness = epsCor
        return link
    }

    private func models(usual: [String]) throws -> [RateModel] {
        let sizes = try blocks.split(separator: ",").map { text in
            guard let size = Double(text), size >= 1e3, size <= 1e15 else {
                throw ValidationError("--blocks takes numbers between 1e3 and 1e15, such as 1e5,1e7")
            }
            return size
        }
        let names: [String] = proof.map { $0.split(separator: ",").map(String.init) } ?? usual
        return try names.flatMap { try models($0, sizes) }
    }

    private func models(_ name: String, _ sizes: [Double]) throws -> [RateModel] {
        if let proof = KeyProof(rawValue: name) {
            return sizes.map { size in
                proof == .tomamichel ? RateModel.finitePairs(blockSize: size) : .decoys(proof, blockSize: size)
            }
        }
        switch name {
        case "ma2005-infinite": return [.infiniteDecoys]
        case "ma2005-vacuum-weak": return [.vacuumAndWeakDecoy(weak: weak)]
        case "ma2007-pairs": return [.pairs]
        default:
            let all = (RateWords.finite + RateWords.asymptotic).joined(separator: ", ")
            throw ValidationError("there is no proof '\(name)'; there are \(all)")
        }
    }

    private func losses(_ attenuation: Double) throws -> [Double] {
        let text = loss ?? distance ?? "0:200:10"
        let numbers = text.split(separator: ":").compactMap { Double($0) }
        guard numbers.count == 3, text.split(separator: ":").count == 3, numbers[0] >= 0, numbers[1] >= numbers[0],
            numbers[2] > 0, numbers[1] <= 10_000, (numbers[1] - numbers[0]) / numbers[2] <= 2000
        else {
            throw ValidationError("'\(text)': from, to and step are wanted, such as 0:200:10, with 2000 steps at most")
        }
        let count = Int(((numbers[1] - numbers[0]) / numbers[2] + 1e-9).rounded(.down))
        return (0...count).map { (numbers[0] + Double($0) * numbers[2]) * (loss == nil ? attenuation : 1) }
    }
}

/// The names of proofs that plans go by.
enum RateWords {
    static let finite = KeyProof.allCases.map(\.rawValue)
    static let asymptotic = ["ma2005-infinite", "ma2005-vacuum-weak", "ma2007-pairs"]
}

/// Links of papers, to begin with.
enum RatePreset: String, ExpressibleByArgument, CaseIterable {
    case lim2014, gys2004, rusca2018, pairs2007

    var link: RateLink {
        var link = RateLink()
        switch self {
        case .lim2014: link.secrecy = .ofEachBit(1e-15)
        case .gys2004:
            // Gobby, Yuan, Shields 2004, as Ma et al. 2005 take it; Y₀ of both detectors together.
            link.decoys.attenuationDBPerKM = 0.21
            link.decoys.receiverEfficiency = 0.045
            link.decoys.darkProbability = 0.85e-6
            link.decoys.afterpulseProbability = 0
            link.decoys.misalignment = 0.033
            link.decoys.reconciliationFactor = 1.22
            link.decoys.pulseRateHz = 2e6
        case .rusca2018:
            link.decoys.receiverEfficiency = 0.5
            link.decoys.darkProbability = 5e-9
            link.decoys.afterpulseProbability = 0
            link.decoys.misalignment = 0.01
            link.decoys.deadTimeS = 100e-9
        case .pairs2007:
            link.decoys.receiverEfficiency = 0.145
            link.decoys.darkProbability = 3.01e-6
            link.decoys.afterpulseProbability = 0
            link.decoys.misalignment = 0.015
            link.decoys.reconciliationFactor = 1.22
            link.decoys.pulseRateHz = 1e8
        }
        return link
    }

    var proofs: [String] {
        switch self {
        case .lim2014: [KeyProof.limLiteral.rawValue, "ma2005-infinite"]
        case .gys2004: ["ma2005-infinite", "ma2005-vacuum-weak"]
        case .rusca2018: [KeyProof.rusca.rawValue, "ma2005-infinite"]
        case .pairs2007: ["ma2007-pairs", KeyProof.tomamichel.rawValue]
        }
    }
}
