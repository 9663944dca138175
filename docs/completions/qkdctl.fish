function __qkdctl_should_offer_completions_for_flags_or_options -a expected_commands
    set -l non_repeating_flags_or_options $argv[2..]
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __qkdctl_parse_tokens
    test "$commands" = "$expected_commands"; and return $non_repeating_flags_or_options_absent
end

function __qkdctl_should_offer_completions_for_positional -a expected_commands positional_index_comparison expected_positional_index
    set -l non_repeating_flags_or_options
    set -l non_repeating_flags_or_options_absent 0
    set -l positional_index 0
    set -l commands
    __qkdctl_parse_tokens
    test "$commands" = "$expected_commands" -a \( "$positional_index" "$positional_index_comparison" "$expected_positional_index" \)
end

function __qkdctl_parse_tokens -S
    set -l unparsed_tokens (__qkdctl_tokens -pc)
    switch $unparsed_tokens[1]
    case 'qkdctl'
        __qkdctl_parse_subcommand 0 'version' 'h/help'
        switch $unparsed_tokens[1]
        case 'run'
            __qkdctl_parse_subcommand 0 'bench=' 'seed=' 'format=' 'duration=' 'out=' 'save-tags' 'align' 'patience=' 'fault=+' 'version' 'h/help'
        case 'replay'
            __qkdctl_parse_subcommand 1 'out=' 'format=' 'version' 'h/help'
        case 'sift'
            __qkdctl_parse_subcommand 0 'protocol=' 'alice=' 'bob=' 'map=' 'alice-format=' 'bob-format=' 'window-ps=' 'dedup=' 'range-s=' 'offset-s=' 'max-skew-ppm=' 'correlation=' 'confidence=' 'follow' 'stretch-ms=' 'out=' 'force' 'format=' 'version' 'h/help'
        case 'list'
            __qkdctl_parse_subcommand 0 'bench=' 'seed=' 'format=' 'version' 'h/help'
        case 'info'
            __qkdctl_parse_subcommand 1 'bench=' 'seed=' 'format=' 'version' 'h/help'
        case 'drivers'
            __qkdctl_parse_subcommand 0 'unverified' 'format=' 'version' 'h/help'
        case 'get'
            __qkdctl_parse_subcommand 2 'bench=' 'seed=' 'format=' 'version' 'h/help'
        case 'set'
            __qkdctl_parse_subcommand -r 3 'bench=' 'seed=' 'format=' 'version' 'h/help'
        case 'query'
            __qkdctl_parse_subcommand 2 'bench=' 'seed=' 'format=' 'version' 'h/help'
        case 'emulate'
            __qkdctl_parse_subcommand 1 'seed=' 'address=' 'vendor-ports' 'usbip' 'usbip-port=' 'write-bench=' 'log=' 'version' 'h/help'
        case 'safe'
            __qkdctl_parse_subcommand 0 'bench=' 'seed=' 'version' 'h/help'
        case 'doctor'
            __qkdctl_parse_subcommand 0 'format=' 'version' 'h/help'
        case 'capture'
            __qkdctl_parse_subcommand 0 'bench=' 'seed=' 'format=' 'out=' 'to=' 'duration=' 'events=' 'idle-timeout=' 'rotate-s=' 'rotate-events=' 'prepare' 'version' 'h/help'
        case 'tags'
            __qkdctl_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'info'
                __qkdctl_parse_subcommand 1 'input-format=' 'format=' 'header' 'version' 'h/help'
            case 'convert'
                __qkdctl_parse_subcommand 2 'input-format=' 'channels=' 'channel-map=' 'shift-ps=' 'rezero' 'specials' 'to=' 'resolution-ps=' 'sync-period-ps=' 'sort-ps=' 'header-from=' 'force' 'format=' 'version' 'h/help'
            case 'merge'
                __qkdctl_parse_subcommand -r 1 'o/output=' 'input-format=' 'channel-step=' 'to=' 'resolution-ps=' 'sync-period-ps=' 'sort-ps=' 'header-from=' 'force' 'format=' 'version' 'h/help'
            case 'cut'
                __qkdctl_parse_subcommand 2 'input-format=' 'from-s=' 'to-s=' 'channels=' 'channel-map=' 'shift-ps=' 'rezero' 'specials' 'to=' 'resolution-ps=' 'sync-period-ps=' 'sort-ps=' 'header-from=' 'force' 'format=' 'version' 'h/help'
            case 'histogram'
                __qkdctl_parse_subcommand 1 'input-format=' 'format=' 'intervals' 'bin-ms=' 'bin-ps=' 'bins=' 'version' 'h/help'
            case 'correlate'
                __qkdctl_parse_subcommand 1 'input-format=' 'format=' 'channels=' 'range-ns=' 'bin-ps=' 'peaks' 'version' 'h/help'
            case 'coincidences'
                __qkdctl_parse_subcommand 1 'input-format=' 'format=' 'window-ps=' 'group=+' 'delay=+' 'version' 'h/help'
            case 'emulate'
                __qkdctl_parse_subcommand 0 'out=' 'duration=' 'seed=' 'to=' 'resolution-ps=' 'pair-rate-hz=' 'arms=' 'jitter-fwhm-ps=' 'dark-rate-hz=' 'bob-background-hz=' 'dead-time-ns=' 'alice-delays-ps=' 'bob-delays-ps=' 'alice-angles=' 'bob-angles=' 'offset-s=' 'skew-ppm=' 'drift-per-s=' 'visibility=' 'state=' 'ghost-probability=' 'ghost-delay-ns=' 'force' 'format=' 'version' 'h/help'
            end
        case 'benchmark'
            __qkdctl_parse_subcommand 0 'version' 'h/help'
            switch $unparsed_tokens[1]
            case 'physics'
                __qkdctl_parse_subcommand 0 'bench=' 'seed=' 'slots=' 'format=' 'version' 'h/help'
            case 'W1'
                __qkdctl_parse_subcommand 0 'records=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'W2'
                __qkdctl_parse_subcommand 0 'tags=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'W3'
                __qkdctl_parse_subcommand 0 'tags=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'W4'
                __qkdctl_parse_subcommand 0 'seeds=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'W5'
                __qkdctl_parse_subcommand 0 'detections=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'pipeline'
                __qkdctl_parse_subcommand 0 'tags=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            case 'live'
                __qkdctl_parse_subcommand 0 'rate=' 'seconds=' 'ring-mib=' 'seed=' 'runs=' 'save=' 'format=' 'version' 'h/help'
            end
        case 'help'
            __qkdctl_parse_subcommand -r 1 'version'
        end
    end
end

function __qkdctl_tokens
    if test (string split -m 1 -f 1 -- . "$FISH_VERSION") -gt 3
        commandline --tokens-raw $argv
    else
        commandline -o $argv
    end
end

function __qkdctl_parse_subcommand -S -a positional_count
    argparse -s r -- $argv
    set -l option_specs $argv[2..]
    set -l is_repeating_positional $_flag_r
    set -el _flag_r
    set -a commands $unparsed_tokens[1]
    set positional_index 0
    while true
        set -e unparsed_tokens[1]
        argparse -sn "$commands" $option_specs -- $unparsed_tokens 2> /dev/null
        set unparsed_tokens $argv
        set positional_index (math $positional_index + 1)
        for non_repeating_flag_or_option in $non_repeating_flags_or_options
            if set -ql "_flag_$(string replace -a - _ -- $non_repeating_flag_or_option)"
                set non_repeating_flags_or_options_absent 1
                break
            end
        end
        test (count $unparsed_tokens) -eq 0 -o \( -z "$is_repeating_positional" -a "$positional_index" -gt "$positional_count" \) && break
    end
end

function __qkdctl_complete_directories
    set -l token (commandline -t)
    string match -- '*/' $token
    set -l subdirs $token*/
    printf %s\n $subdirs
end

function __qkdctl_custom_completion
    set -x SAP_SHELL fish
    set -x SAP_SHELL_VERSION $FISH_VERSION
    set -l tokens (__qkdctl_tokens -p)
    if test -z "$(__qkdctl_tokens -t)"
        set -l index (count (__qkdctl_tokens -pc))
        set tokens $tokens[..$index] \'\' $tokens[(math $index + 1)..]
    end
    command $tokens[1] $argv $tokens
end

complete -c 'qkdctl' -f
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'run' -d 'Play decoy-state BB84 on a bench and sift the keys.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'replay' -d 'Make the keys of a saved session again from its tags.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'sift' -d 'Sift two parties\' time-tag captures into keys, QBER, visibility and CHSH.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'list' -d 'List the devices at hand: attached, on the bench, and what may not be opened and why.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'info' -d 'Show a device: who it is, how it is, and what its self-test says.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'drivers' -d 'List the drivers: what they drive, how well founded they are, what is unverified.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'get' -d 'Read a device\'s parameter, or all of them.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'set' -d 'Set a device\'s parameter and read it back.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'query' -d 'Show what a device can be asked and told: parameters, ranges, units.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'emulate' -d 'Stand up emulated devices for other programs to talk to.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'safe' -d 'Bring every device of a bench to its safe state: no light, no bias.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'doctor' -d 'Check this machine: kernel, permissions, udev, groups, libusb, GPIO; say what to do.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'capture' -d 'Record a tagger\'s time tags into files.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'tags' -d 'Look into files of time tags, convert, cut, merge and emulate them.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'benchmark' -d 'Measure how fast this machine is at qkdctl\'s work.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl" -eq 1' -fa 'help' -d 'Show subcommand help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" duration' -l 'duration' -d 'Length of the run in seconds of bench time.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" out' -l 'out' -d 'Folder of the session; by default a new one named after the time.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" save-tags' -l 'save-tags' -d 'Keep Bob\'s tags and Alice\'s states, for \'qkdctl replay\'.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" align' -l 'align' -d 'Play one frame again and again, to align the optics; the result is unfit for keys.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" patience' -l 'patience' -d 'How long a tagger that is lost is waited for, seconds; the light is off meanwhile.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run"' -l 'fault' -d 'Have something go wrong with an emulated tagger, S seconds after the first frame; may be given several times. Forms: lose-bytes@S=COUNT, overflow@S=RECORDS, stall@S=SECONDS, unplug@S=SECONDS, clock-step@S=SECONDS.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl run" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl replay" -eq 1' -fa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl replay" out' -l 'out' -d 'Folder for the keys and the result made again; by default they are only compared.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl replay" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl replay" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl replay" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" protocol' -l 'protocol' -d 'What the two parties did: bbm92 or bb84.' -rfka 'bbm92 bb84'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" alice' -l 'alice' -d 'Alice\'s file of time tags.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" bob' -l 'bob' -d 'Bob\'s file of time tags.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" map' -l 'map' -d 'Which input is which detector, such as \'alice:1=Z0,2=Z1;bob:3=H,4=V\'.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" alice-format' -l 'alice-format' -d 'Format of Alice\'s file, where the content does not tell.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" bob-format' -l 'bob-format' -d 'Format of Bob\'s file, where the content does not tell.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" window-ps' -l 'window-ps' -d 'Full width of the coincidence window, ps; auto: twice the peak\'s full width at half maximum.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" dedup' -l 'dedup' -d 'Second tags that electronics makes of a click: off; auto removes those at fixed delays; BINS those up to so many units of the coarser file\'s time after a tag of the same input.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" range-s' -l 'range-s' -d 'How far from --offset-s the offset is searched, seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" offset-s' -l 'offset-s' -d 'Bob\'s clock less Alice\'s, as far as it is known, seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" max-skew-ppm' -l 'max-skew-ppm' -d 'Greatest difference of the clocks\' rates, ppm.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" correlation' -l 'correlation' -d 'Whether right outcomes are the same or opposite: same, opposite, or by basis, such as z=opposite,x=same. By default the counts tell (bbm92), or same (bb84).' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" confidence' -l 'confidence' -d 'Confidence of the intervals.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" follow' -l 'follow' -d 'Sift as the tags come, and follow the clocks (bbm92, --dedup off).'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" stretch-ms' -l 'stretch-ms' -d 'With --follow: the clocks are taken anew after so many milliseconds; some hundred pairs should fall into them.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" out' -l 'out' -d 'Folder for both keys and the report; by default a new one named after the time.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" force' -l 'force' -d 'Write into a folder that is not empty.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl sift" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl list" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl list" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl list" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl list" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl list" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl info" -eq 1' -fka 'alice-modulator alice-attenuator alice-random bob-detector-z0 bob-detector-z1 bob-detector-x0 bob-detector-x1 bob-tagger'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl info" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl info" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl info" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl info" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl info" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl drivers" unverified' -l 'unverified' -d 'List what no public source states.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl drivers" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl drivers" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl drivers" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl get" -eq 1' -fka 'alice-modulator alice-attenuator alice-random bob-detector-z0 bob-detector-z1 bob-detector-x0 bob-detector-x1 bob-tagger'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl get" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl get" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl get" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl get" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl get" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl set" -eq 1' -fka 'alice-modulator alice-attenuator alice-random bob-detector-z0 bob-detector-z1 bob-detector-x0 bob-detector-x1 bob-tagger'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl set" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl set" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl set" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl set" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl set" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl query" -eq 1' -fka 'alice-modulator alice-attenuator alice-random bob-detector-z0 bob-detector-z1 bob-detector-x0 bob-detector-x1 bob-tagger'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl query" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl query" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl query" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl query" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl query" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" seed' -l 'seed' -d 'Seed of everything that is random in the emulation.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" address' -l 'address' -d 'Address that network devices bind to.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" vendor-ports' -l 'vendor-ports' -d 'Use the vendors\' own port numbers.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" usbip' -l 'usbip' -d 'Stand serial devices on USB/IP too, as their USB plugs show them.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" usbip-port' -l 'usbip-port' -d 'TCP port of the USB/IP server; 0 for any free one.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" write-bench' -l 'write-bench' -d 'Write a bench file that leads to these emulators.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" log' -l 'log' -d 'Write the emulators\' log to this file instead of standard error.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl emulate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl safe" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl safe" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl safe" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl safe" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl doctor" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl doctor" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl doctor" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" out' -l 'out' -d 'File to write; it must not exist yet.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" to' -l 'to' -d 'Format, told by the ending if left out; qkdtags is best.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" duration' -l 'duration' -d 'Length in tag time from the first tag, seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" events' -l 'events' -d 'End after so many tags.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" idle-timeout' -l 'idle-timeout' -d 'End when no tag has come for so many seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" rotate-s' -l 'rotate-s' -d 'Begin a new file after so many seconds of tag time.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" rotate-events' -l 'rotate-events' -d 'Begin a new file after so many tags.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" prepare' -l 'prepare' -d 'Set the bench up first: bias, attenuation, detectors.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl capture" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'info' -d 'Show a file\'s format, counts, span and disorder.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'convert' -d 'Write a file\'s tags in another format.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'merge' -d 'Merge files of tags in time order.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'cut' -d 'Write a stretch of a file\'s time.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'histogram' -d 'Count tags against time, or the times from one tag to the next.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'correlate' -d 'Histogram of the time differences between two channels, and its comb\'s period.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'coincidences' -d 'Count coincidences of channels, and what chance would make of them.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags" -eq 1' -fa 'emulate' -d 'Write two parties\' captures of an emulated source of entangled pairs, and the truth.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags info" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags info" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags info" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags info" header' -l 'header' -d 'Show the header\'s entries too.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags info" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags info" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags convert" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags convert" -eq 2' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" channels' -l 'channels' -d 'Keep these channels, A,B,…; all if left out.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" channel-map' -l 'channel-map' -d 'Give channels other numbers, OLD=NEW,…; the others keep theirs.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" shift-ps' -l 'shift-ps' -d 'Add this to every time, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" rezero' -l 'rezero' -d 'Let time begin with 0 at the file\'s first tag.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" specials' -l 'specials' -d 'Take PTU syncs as channel 64 and markers as 64 + their mask, so that none is lost.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" to' -l 'to' -d 'Format of the output; told by the ending .qkdtags, .csv, .ptu or .a1 if left out. One of qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv, ptu-picoharp300-t2, ptu-picoharp300-t3, ptu-hydraharp1-t2, ptu-hydraharp1-t3, ptu-hydraharp2-t2, ptu-hydraharp2-t3, ptu-timeharp260n-t2, ptu-timeharp260n-t3, ptu-timeharp260p-t2, ptu-timeharp260p-t3, ptu-generic-t2, ptu-generic-t3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" resolution-ps' -l 'resolution-ps' -d 'Unit of the output\'s times, ps, where the format leaves it open (ptu, spc).' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" sync-period-ps' -l 'sync-period-ps' -d 'From one sync to the next, ps, for PTU files of T3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" sort-ps' -l 'sort-ps' -d 'Put in order tags that come late by up to this, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" header-from' -l 'header-from' -d 'quTAG file whose header is used, when the input has none.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" force' -l 'force' -d 'Write over a file that exists.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags convert" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags merge" -ge 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" o output' -s 'o' -l 'output' -d 'File to write.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" input-format' -l 'input-format' -d 'Format of the files, where the content does not tell.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" channel-step' -l 'channel-step' -d 'Added to the channels: once for the second file, twice for the third, …' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" to' -l 'to' -d 'Format of the output; told by the ending .qkdtags, .csv, .ptu or .a1 if left out. One of qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv, ptu-picoharp300-t2, ptu-picoharp300-t3, ptu-hydraharp1-t2, ptu-hydraharp1-t3, ptu-hydraharp2-t2, ptu-hydraharp2-t3, ptu-timeharp260n-t2, ptu-timeharp260n-t3, ptu-timeharp260p-t2, ptu-timeharp260p-t3, ptu-generic-t2, ptu-generic-t3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" resolution-ps' -l 'resolution-ps' -d 'Unit of the output\'s times, ps, where the format leaves it open (ptu, spc).' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" sync-period-ps' -l 'sync-period-ps' -d 'From one sync to the next, ps, for PTU files of T3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" sort-ps' -l 'sort-ps' -d 'Put in order tags that come late by up to this, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" header-from' -l 'header-from' -d 'quTAG file whose header is used, when the input has none.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" force' -l 'force' -d 'Write over a file that exists.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags merge" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags cut" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags cut" -eq 2' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" from-s' -l 'from-s' -d 'Begin of the stretch, seconds from the first tag.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" to-s' -l 'to-s' -d 'End of the stretch, seconds from the first tag; not included.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" channels' -l 'channels' -d 'Keep these channels, A,B,…; all if left out.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" channel-map' -l 'channel-map' -d 'Give channels other numbers, OLD=NEW,…; the others keep theirs.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" shift-ps' -l 'shift-ps' -d 'Add this to every time, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" rezero' -l 'rezero' -d 'Let time begin with 0 at the file\'s first tag.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" specials' -l 'specials' -d 'Take PTU syncs as channel 64 and markers as 64 + their mask, so that none is lost.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" to' -l 'to' -d 'Format of the output; told by the ending .qkdtags, .csv, .ptu or .a1 if left out. One of qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv, ptu-picoharp300-t2, ptu-picoharp300-t3, ptu-hydraharp1-t2, ptu-hydraharp1-t3, ptu-hydraharp2-t2, ptu-hydraharp2-t3, ptu-timeharp260n-t2, ptu-timeharp260n-t3, ptu-timeharp260p-t2, ptu-timeharp260p-t3, ptu-generic-t2, ptu-generic-t3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" resolution-ps' -l 'resolution-ps' -d 'Unit of the output\'s times, ps, where the format leaves it open (ptu, spc).' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" sync-period-ps' -l 'sync-period-ps' -d 'From one sync to the next, ps, for PTU files of T3.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" sort-ps' -l 'sort-ps' -d 'Put in order tags that come late by up to this, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" header-from' -l 'header-from' -d 'quTAG file whose header is used, when the input has none.' -rF
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" force' -l 'force' -d 'Write over a file that exists.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags cut" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags histogram" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" intervals' -l 'intervals' -d 'Histogram of the times from one tag to the next.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" bin-ms' -l 'bin-ms' -d 'Width of a bin of time, ms.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" bin-ps' -l 'bin-ps' -d 'Width of a bin of intervals, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" bins' -l 'bins' -d 'Number of bins of intervals.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags histogram" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags correlate" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" channels' -l 'channels' -d 'Two channels, A,B: differences are B minus A; all pairs if left out.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" range-ns' -l 'range-ns' -d 'Largest difference, ns.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" bin-ps' -l 'bin-ps' -d 'Width of a bin, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" peaks' -l 'peaks' -d 'Print the peaks only, not the histogram.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags correlate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl tags coincidences" -eq 1' -F
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences" input-format' -l 'input-format' -d 'Format, where the content does not tell: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences" window-ps' -l 'window-ps' -d 'Full width of the window, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences"' -l 'group' -d 'Channels that have to fire together, A,B,…; may be repeated. All pairs if left out.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences"' -l 'delay' -d 'Taken off a channel\'s times, ps; may be repeated.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags coincidences" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" out' -l 'out' -d 'Folder for the two files and truth.json.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" duration' -l 'duration' -d 'Length, seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" seed' -l 'seed' -d 'Seed of everything that is random.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" to' -l 'to' -d 'Format: qkdtags, ptu, a0-256th-ns, a0-8th-ns, a0-2ns, a0-256th-ns-x, a0-8th-ns-x, a0-2ns-x, a1-256th-ns, a1-8th-ns, a1-2ns, a1-256th-ns-x, a1-8th-ns-x, a1-2ns-x, a2-256th-ns, a2-8th-ns, a2-2ns, qutag-binary, qutag-raw, qutag-compressed, tdc1-raw, swabian-dump, spc-130, spc-qc-x04, spc-qc-x06, csv.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" resolution-ps' -l 'resolution-ps' -d 'Unit of the files\' times, ps, where the format leaves it open.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" pair-rate-hz' -l 'pair-rate-hz' -d 'Pairs per second.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" arms' -l 'arms' -d 'Probability that a pair\'s photon makes a click, at Alice,Bob.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" jitter-fwhm-ps' -l 'jitter-fwhm-ps' -d 'Jitter of each detector, full width at half maximum, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" dark-rate-hz' -l 'dark-rate-hz' -d 'Dark counts of each detector, per second.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" bob-background-hz' -l 'bob-background-hz' -d 'Further uncorrelated counts of each of Bob\'s detectors, per second.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" dead-time-ns' -l 'dead-time-ns' -d 'Dead time of each detector, ns.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" alice-delays-ps' -l 'alice-delays-ps' -d 'Delays of Alice\'s detectors, H,V,D,A, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" bob-delays-ps' -l 'bob-delays-ps' -d 'Delays of Bob\'s detectors, H,V,D,A, ps.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" alice-angles' -l 'alice-angles' -d 'Polariser angles of Alice\'s two bases, degrees.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" bob-angles' -l 'bob-angles' -d 'Polariser angles of Bob\'s two bases, degrees.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" offset-s' -l 'offset-s' -d 'Bob\'s clock less Alice\'s at the start, seconds.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" skew-ppm' -l 'skew-ppm' -d 'Bob\'s rate against Alice\'s at the start, ppm.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" drift-per-s' -l 'drift-per-s' -d 'Change of the skew, per second.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" visibility' -l 'visibility' -d 'Visibility in Alice\'s two bases, Z,X.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" state' -l 'state' -d 'Outcomes in equal bases: same or opposite.' -rfka 'same opposite'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" ghost-probability' -l 'ghost-probability' -d 'Probability that electronics makes a second tag of a click.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" ghost-delay-ns' -l 'ghost-delay-ns' -d 'From a click to its second tag, ns.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" force' -l 'force' -d 'Write into a folder that is not empty, over files that exist.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl tags emulate" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'physics' -d 'Time the light of an emulated bench alone, on one core.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'W1' -d 'Decode HydraHarp T2 records, in memory and as a whole process.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'W2' -d 'Find all coincidences of two sorted streams.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'W3' -d 'Count all differences of two sorted streams in bins.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'W4' -d 'Find two captures\' clocks from their tags alone.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'W5' -d 'Sift detections into two packed keys.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'pipeline' -d 'Take two parties\' raw records to sifted keys and QBER.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_positional "qkdctl benchmark" -eq 1' -fa 'live' -d 'Sift what a tagger sends without end, in process and over loopback TCP.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" bench' -l 'bench' -d 'Bench file, or the name of a built-in one: bb84-loopback, bb84-ideal.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" seed' -l 'seed' -d 'Seed of everything that is random on an emulated bench.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" slots' -l 'slots' -d 'Pulse slots to work out; whole frames are played.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark physics" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" records' -l 'records' -d 'Records of each of the two files.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W1" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" tags' -l 'tags' -d 'Tags of each side.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W2" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" tags' -l 'tags' -d 'Tags of each side.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W3" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" seeds' -l 'seeds' -d 'Pairs of captures of either kind, each from a seed of its own.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W4" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" detections' -l 'detections' -d 'Detections.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark W5" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" tags' -l 'tags' -d 'Tags of each side.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark pipeline" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" rate' -l 'rate' -d 'Tags a second in process; over TCP it is as fast as that goes.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" seconds' -l 'seconds' -d 'Seconds of each.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" ring-mib' -l 'ring-mib' -d 'Least size of the ring of records, MiB.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" seed' -l 'seed' -d 'Seed of the workload.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" runs' -l 'runs' -d 'Runs; the median counts.' -rfka ''
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" save' -l 'save' -d 'Keep the workload\'s files in this folder, for other programs.' -rfa '(__qkdctl_complete_directories)'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" format' -l 'format' -d 'How to print: table, json or jsonl (one object a line).' -rfka 'table json jsonl'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" version' -l 'version' -d 'Show the version.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl benchmark live" h help' -s 'h' -l 'help' -d 'Show help information.'
complete -c 'qkdctl' -n '__qkdctl_should_offer_completions_for_flags_or_options "qkdctl help" version' -l 'version' -d 'Show the version.'
