# Navette in the harness beside this repository: run-navette.py N, in a working
# copy of it, with BENCH (the contender's program) and NAVETTE (the daemon's) set.
import os,sys,time; sys.path.insert(0,os.getcwd())
import bench; from bench import *
n=int(sys.argv[1]); up={}
class Daemon(Node):
    # What is measured is the daemon, not the contender in front of it.
    def start(s,wait=True): super().start(wait); s.pid=s.get("/info?quiet=1")["pid"]
    def cpu(s):
        f=open(f"/proc/{s.pid}/stat").read().rsplit(")",1)[1].split(); return (int(f[11])+int(f[12]))/os.sysconf("SC_CLK_TCK")
    def rss(s):
        for l in open(f"/proc/{s.pid}/status"):
            if l.startswith("VmHWM"): return int(l.split()[1])/1024
def mk(s):
    d=f"{ROOT}/run/navette{s}"; x=Daemon(f"navette{s}",NSA if s=="A" else NSB,None,d)
    x.cmd=[os.environ["BENCH"],"contender","-navette",os.environ["NAVETTE"],"-dir",d,"-sock",x.sock,"-place",s]; return x
def connect(A,B): B.post("/connect",A.get("/info"))
def disconnect(A,B): link(False)
def reconnect(A,B):
    # Nobody tells the daemons: they notice the link themselves. How long the
    # connection takes is kept apart.
    link(True); t=time.time(); k=counters()
    while B.get("/state")["peers"]==0 and time.time()-t<60: time.sleep(0.01)
    up.setdefault("s_to_connected",[]).append(round(time.time()-t,3)); up.setdefault("bytes_to_connected",[]).append(cdiff(k,counters())["total"])
R=standard("navette",n,mk,connect,disconnect,reconnect,poll_every=0.02)
R.put("reconnects",up); R.save()
