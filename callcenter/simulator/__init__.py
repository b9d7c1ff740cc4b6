"""A simulated citizen, softphone and outside world: real SIP and real audio, without telephones.

Newcomers call with it (`script/call`, `script/outside`) and the tests prove with it what a caller
hears. Read it from the bottom up:

- `audio.py`: 8 kHz PCM, G.711 tables, WAV files, tones
- `sip.py`, `sdp.py`: SIP messages, digest answers and media descriptions as values
- `transactions.py`: retransmission over UDP (RFC 3261, section 17)
- `rtp.py`: a paced sender and a receiver that places packets by their timestamps
- `agent.py`: a user agent and its calls
- `behaviour.py`: what a telephone does when it is called
- `phone.py`, `citizen.py`, `outside.py`: who uses them: a seat, a caller, the far ends
- `heard.py`: which prompts a capture holds
- `running.py`, `cli.py`: finding the running server, and the commands
"""
