import QKDCore

/// A place at which a frame may stand, judged by light and darkness alone.
struct FrameCandidate: Equatable {
    /// Start by the envelope, picoseconds on Bob's clock; good to two bins.
    var startPS: Int64
    /// Contrast of the edges that speak for it, in standard deviations; both edges add.
    var contrast: Double
}

/// Finds frames by their envelope: light inside, dark for a gap before and after.
///
/// An edge is where the counts of a gap's length on one side stand out against those on the other. A
/// frame whose other half is lost still has one edge, so each edge alone proposes a start.
struct LightEnvelope {
    /// Bin width, picoseconds.
    let binPS: Int64
    /// Start of bin 0, picoseconds on Bob's clock.
    let originPS: Int64
    /// Counts before each bin border.
    private let prefix: [Int32]
    /// Bins on each side of an edge.
    private let side: Int

    /// Bins the clicks between two times; `gapPS` is the dark time that is sure around a frame.
    init(_ clicks: ClickList, startPS: Int64, endPS: Int64, gapPS: Int64) {
        // Twenty bins a gap keep an edge's error at a twentieth of the gap.
        side = 18
        let width = max(1, gapPS / 20)
        let bins = Int((endPS - startPS) / width) + 1
        var prefix = [Int32](repeating: 0, count: bins + 1)
        prefix.withUnsafeMutableBufferPointer { prefix in
            clicks.times.withUnsafeBufferPointer { times in
                for time in times {
                    let bin = Int((time - startPS) / width)
                    if bin >= 0 && bin < bins { prefix[bin + 1] += 1 }
                }
            }
            for bin in 1...bins { prefix[bin] += prefix[bin - 1] }
        }
        self.prefix = prefix
        binPS = width
        originPS = startPS
    }

    /// Clicks beside an edge that make it stand out, against half as many dark ones too.
    private static let clicksBesideAnEdge = 75.0
    /// Shorter stretches than this are not worth their bins, picoseconds.
    private static let leastGapPS = Picoseconds.perMillisecond

    /// How much of the gap to compare with the light: no more than brings enough clicks where it is brightest,
    /// because an edge is placed to a fraction of what is looked at; a dim frame's edges need the whole gap.
    static func gapToLookAt(_ clicks: ClickList, within range: Range<Int64>, gapPS: Int64) -> Int64 {
        guard gapPS > leastGapPS else { return gapPS }
        var counts = [Int](repeating: 0, count: Int((range.upperBound - range.lowerBound) / gapPS) + 1)
        for time in clicks.times where range.contains(time) { counts[Int((time - range.lowerBound) / gapPS)] += 1 }
        let brightest = Double(max(1, counts.max() ?? 1))
        return min(gapPS, max(leastGapPS, Int64(Double(gapPS) * clicksBesideAnEdge / brightest)))
    }

    /// An edge's contrast must reach this many standard deviations.
    static let leastContrast = 3.5
    /// No more candidates than these are worth a closer look.
    static let mostCandidates = 96

    /// Starts within the given times, the ones with the best edges first.
    func candidates(lengthPS: Double, fromPS: Int64, toPS: Int64) -> [FrameCandidate] {
        let length = Int((lengthPS / Double(binPS)).rounded())
        var found: [FrameCandidate] = []
        for (sign, shift) in [(1, 0), (-1, length)] {
            for edge in edges(sign: sign) {
                let start = originPS + Int64(edge.border - shift) * binPS
                guard start >= fromPS - 2 * binPS, start <= toPS + 2 * binPS else { continue }
                found.append(FrameCandidate(startPS: start, contrast: edge.contrast))
            }
        }
        found.sort { $0.startPS < $1.startPS }
        var merged: [FrameCandidate] = []
        for candidate in found {
            // The two edges of one frame agree to a few bins: 50 ppm of 100 ms are 5 µs.
            if let last = merged.last, candidate.startPS - last.startPS <= 4 * binPS {
                let total = last.contrast + candidate.contrast
                let step = Double(candidate.startPS - last.startPS) * candidate.contrast / total
                merged[merged.count - 1] = FrameCandidate(
                    startPS: last.startPS + Int64(step.rounded()), contrast: total)
            } else {
                merged.append(candidate)
            }
        }
        merged.sort { $0.contrast > $1.contrast }
        return Array(merged.prefix(Self.mostCandidates))
    }

    /// Borders at which light comes (`sign` 1) or goes (`sign` -1), each the best one within its gap.
    private func edges(sign: Int) -> [(border: Int, contrast: Double)] {
        let borders = prefix.count
        var best: [(border: Int, contrast: Double)] = []
        prefix.withUnsafeBufferPointer { prefix in
            for border in 0..<borders {
                // Beyond the data it is taken for dark.
                let before = Double(prefix[border] - prefix[max(0, border - side)])
                let after = Double(prefix[min(borders - 1, border + side)] - prefix[border])
                let total = before + after
                let difference = sign > 0 ? after - before : before - after
                guard total > 0, difference > 0,
                    difference * difference >= Self.leastContrast * Self.leastContrast * total
                else { continue }
                let contrast = difference / total.squareRoot()
                if let last = best.last, border - last.border < side {
                    if contrast > last.contrast { best[best.count - 1] = (border, contrast) }
                } else {
                    best.append((border, contrast))
                }
            }
        }
        return best
    }
}
